{{/* The environment of a service, without duplicates: what extraEnv names is taken from there. */}}
{{- define "signalbox.mergedEnv" -}}
{{- $extra := .work.settings.extraEnv -}}
{{- $names := list -}}
{{- range $extra }}{{ $names = append $names .name }}{{ end -}}
{{- range include "signalbox.env" . | fromYamlArray }}
{{- if not (has .name $names) }}
- {{ toYaml . | nindent 2 | trim }}
{{- end }}
{{- end }}
{{- with $extra }}
{{ tpl (toYaml .) $.root }}
{{- end }}
{{- end }}

{{/* A service gets what it needs and no more; the same table is in the compose file and in the Swarm stack. */}}
{{- define "signalbox.env" -}}
{{- $root := .root -}}
{{- $values := $root.Values -}}
{{- $service := .work.service -}}
{{- $keeps := has $service (list "ingress" "accounting") -}}
- name: SERVICE
  value: {{ $service }}
- name: NATS_URL
  value: {{ include "signalbox.natsUrl" $root | quote }}
- name: NATS_USER
  value: {{ if and (not $values.nats.enabled) $values.nats.external.user }}{{ $values.nats.external.user | quote }}{{ else }}{{ $service }}{{ end }}
- name: NATS_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ include "signalbox.natsSecretName" $root }}
      key: {{ ternary $service ($values.nats.external.passwordKey | default $service) $values.nats.enabled }}
- name: SIGNALBOX_NATS_REPLICAS
  value: {{ include "signalbox.natsCopies" $root | quote }}
- name: SIGNALBOX_LOG_LEVEL
  value: {{ $values.logLevel }}
- name: SIGNALBOX_DRAIN_SECONDS
  value: {{ $values.drain.seconds | quote }}
- name: SIGNALBOX_MANAGEMENT_HOST
  value: {{ $values.listenHost | quote }}
{{- if $values.tracing.otlpEndpoint }}
- name: OTEL_EXPORTER_OTLP_ENDPOINT
  value: {{ tpl $values.tracing.otlpEndpoint $root | quote }}
- name: OTEL_TRACES_SAMPLER
  value: {{ $values.tracing.sampler }}
- name: OTEL_TRACES_SAMPLER_ARG
  value: {{ $values.tracing.ratio | quote }}
- name: SIGNALBOX_TRACE_PROBES
  value: {{ $values.tracing.probeRatio | quote }}
{{- if eq $service "ingress" }}
- name: SIGNALBOX_TRACE_INCOMING
  value: {{ $values.tracing.incoming }}
{{- end }}
{{- end }}
{{- if include "signalbox.readsConfig" (dict "root" $root "service" $service) }}
- name: SIGNALBOX_CONFIG
  value: /etc/signalbox/config.yaml
{{- end }}
{{- if $keeps }}
- name: SIGNALBOX_KEY_PEPPER
  valueFrom:
    {{- include "signalbox.secretRef" (dict "root" $root "block" $values.keyPepper "what" "keyPepper") | nindent 4 }}
- name: LITELLM_MASTER_KEY
  valueFrom:
    {{- include "signalbox.secretRef" (dict "root" $root "block" $values.masterKey "what" "masterKey") | nindent 4 }}
{{- end }}
{{- if eq $service "ingress" }}
- name: SIGNALBOX_HOST
  value: {{ $values.listenHost | quote }}
{{- with $values.corsOrigins }}
- name: SIGNALBOX_CORS_ORIGINS
  value: {{ join "," . | quote }}
{{- end }}
{{- end }}
{{- if eq $service "accounting" }}
{{ include "signalbox.databaseEnv" $root }}
{{- end }}
{{- if eq $service "router" }}
# The router must know which keys there are, never what they are.
- name: LITELLM_MASTER_KEY
  value: set
{{- range concat $values.providerKeys.names $values.providerKeys.localNames $values.callbackKeys.names | uniq }}
- name: {{ . }}
  value: set
{{- end }}
{{- end }}
{{- $keys := list }}
{{- if eq $service "provider-cloud" }}{{ $keys = $values.providerKeys.names }}{{ end }}
{{- if eq $service "provider-ollama" }}{{ $keys = $values.providerKeys.localNames }}{{ end }}
{{- range $keys }}
- name: {{ . }}
  valueFrom:
    secretKeyRef:
      name: {{ include "signalbox.secretName" (dict "root" $root "given" $values.providerKeys.existingSecret "value" (get $values.providerKeys.values .) "what" (printf "providerKeys (%s)" .)) }}
      key: {{ . }}
{{- end }}
{{- if eq $service "ingress" }}
{{- range $values.callbackKeys.names }}
- name: {{ . }}
  valueFrom:
    secretKeyRef:
      name: {{ include "signalbox.secretName" (dict "root" $root "given" $values.callbackKeys.existingSecret "value" (get $values.callbackKeys.values .) "what" (printf "callbackKeys (%s)" .)) }}
      key: {{ . }}
{{- end }}
{{- end }}
{{- with .work.backends }}
- name: SIGNALBOX_BACKENDS
  value: {{ join "," . | quote }}
{{- end }}
{{- end }}

{{- define "signalbox.databaseEnv" -}}
{{- $postgresql := .Values.postgresql -}}
{{- if eq $postgresql.mode "external" -}}
- name: DATABASE_URL
  valueFrom:
    {{- include "signalbox.secretRef" (dict "root" . "block" $postgresql.external "what" "postgresql.external") | nindent 4 }}
{{- else if eq $postgresql.mode "cnpg" -}}
- name: DATABASE_URL
  valueFrom:
    secretKeyRef:
      # Made by the operator.
      name: {{ include "signalbox.object" (dict "root" . "suffix" "postgresql") }}-app
      key: uri
{{- else -}}
- name: POSTGRES_PASSWORD
  valueFrom:
    {{- include "signalbox.secretRef" (dict "root" . "block" $postgresql.trial.password "what" "postgresql.trial.password") | nindent 4 }}
- name: DATABASE_URL
  value: postgresql://signalbox:$(POSTGRES_PASSWORD)@{{ include "signalbox.object" (dict "root" . "suffix" "postgresql") }}:5432/signalbox
{{- end -}}
{{- end }}
