{{/* One Deployment of one service: (dict "root" $ "work" <item of signalbox.workloads>). All six are made here. */}}
{{- define "signalbox.deployment" -}}
{{- $root := .root -}}
{{- $work := .work -}}
{{- $set := $work.settings -}}
{{- $component := dict "root" $root "component" $work.service -}}
{{- $name := include "signalbox.object" (dict "root" $root "suffix" $work.suffix) -}}
{{- $drain := $root.Values.drain -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ $name }}
  labels:
    {{- include "signalbox.labels" $component | nindent 4 }}
  {{- with $set.annotations }}
  annotations:
    {{- tpl (toYaml .) $root | nindent 4 }}
  {{- end }}
spec:
  {{- if not $set.autoscaling.enabled }}
  replicas: {{ $set.replicas }}
  {{- end }}
  revisionHistoryLimit: 5
  strategy:
    {{- toYaml $set.strategy | nindent 4 }}
  selector:
    matchLabels:
      {{- include "signalbox.selector" $component | nindent 6 }}
      signalbox/workload: {{ $work.suffix }}
  template:
    metadata:
      labels:
        {{- include "signalbox.podLabels" $component | nindent 8 }}
        signalbox/workload: {{ $work.suffix }}
        # Who may reach NATS, and what is scraped.
        signalbox/service: 'true'
        {{- with $set.podLabels }}
        {{- tpl (toYaml .) $root | nindent 8 }}
        {{- end }}
      annotations:
        {{- include "signalbox.podAnnotations" (dict "root" $root "work" $work) | nindent 8 }}
    spec:
      {{- include "signalbox.pullSecrets" $root | nindent 6 }}
      serviceAccountName: {{ include "signalbox.serviceAccount" $root }}
      automountServiceAccountToken: false
      enableServiceLinks: false
      securityContext:
        {{- mustMergeOverwrite (include "signalbox.podSecurity" $root | fromYaml) $set.podSecurityContext | toYaml | nindent 8 }}
      terminationGracePeriodSeconds: {{ $set.terminationGracePeriodSeconds | default (add $drain.seconds $drain.preStopSeconds 15) }}
      {{- range $field := list "nodeSelector" "tolerations" "affinity" "hostAliases" "dnsConfig" "priorityClassName" "runtimeClassName" "initContainers" }}
      {{- with index $set $field }}
      {{ $field }}:
        {{- tpl (toYaml .) $root | nindent 8 }}
      {{- end }}
      {{- end }}
      {{- with $set.topologySpreadConstraints }}
      topologySpreadConstraints:
        {{- $own := mustMerge (dict "signalbox/workload" $work.suffix) (include "signalbox.selector" $component | fromYaml) }}
        {{- range . }}
        - {{ tpl (mustMerge (deepCopy .) (dict "labelSelector" (dict "matchLabels" $own)) | toYaml) $root | nindent 10 | trim }}
        {{- end }}
      {{- end }}
      containers:
        - name: {{ $work.service }}
          image: {{ include "signalbox.image" (dict "root" $root "own" $set.image) }}
          imagePullPolicy: {{ $set.image.pullPolicy | default $root.Values.image.pullPolicy }}
          args: [{{ printf "dist/apps/%s/main.js" $work.service }}]
          securityContext:
            {{- mustMergeOverwrite (include "signalbox.containerSecurity" $root | fromYaml) $set.securityContext | toYaml | nindent 12 }}
          ports:
            {{- if eq $work.service "ingress" }}
            - { name: http, containerPort: 4000, protocol: TCP }
            {{- end }}
            - { name: metrics, containerPort: 9464, protocol: TCP }
          env:
            {{- include "signalbox.mergedEnv" (dict "root" $root "work" $work) | nindent 12 }}
          {{- with $set.extraEnvFrom }}
          envFrom:
            {{- tpl (toYaml .) $root | nindent 12 }}
          {{- end }}
          # Liveness asks only whether the event loop turns; readiness whether bus and config are there. Neither asks a backend.
          {{- with $set.probes }}
          startupProbe:
            httpGet: { path: /livez, port: metrics }
            periodSeconds: {{ .startupPeriodSeconds }}
            timeoutSeconds: {{ .timeoutSeconds }}
            failureThreshold: {{ .startupFailureThreshold }}
          livenessProbe:
            httpGet: { path: /livez, port: metrics }
            periodSeconds: {{ mul 2 .periodSeconds }}
            timeoutSeconds: {{ .timeoutSeconds }}
            failureThreshold: {{ .failureThreshold }}
          readinessProbe:
            httpGet: { path: /readyz, port: metrics }
            periodSeconds: {{ .periodSeconds }}
            timeoutSeconds: {{ .timeoutSeconds }}
            failureThreshold: 1
          {{- end }}
          {{- if $set.lifecycle }}
          lifecycle:
            {{- tpl (toYaml $set.lifecycle) $root | nindent 12 }}
          {{- else if gt (int $drain.preStopSeconds) 0 }}
          lifecycle:
            preStop:
              exec:
                command: [node, -e, {{ printf "setTimeout(() => {}, %d)" (mul 1000 $drain.preStopSeconds) | quote }}]
          {{- end }}
          resources:
            {{- toYaml $set.resources | nindent 12 }}
          volumeMounts:
            - { name: tmp, mountPath: /tmp }
            - { name: data, mountPath: /var/lib/signalbox }
            {{- if include "signalbox.readsConfig" (dict "root" $root "service" $work.service) }}
            - { name: config, mountPath: /etc/signalbox, readOnly: true }
            {{- end }}
            {{- with $set.extraVolumeMounts }}
            {{- tpl (toYaml .) $root | nindent 12 }}
            {{- end }}
        {{- with $set.sidecars }}
        {{- tpl (toYaml .) $root | nindent 8 }}
        {{- end }}
      volumes:
        - { name: tmp, emptyDir: {} }
        - { name: data, emptyDir: { sizeLimit: {{ $set.spool.sizeLimit }} } }
        {{- if include "signalbox.readsConfig" (dict "root" $root "service" $work.service) }}
        {{- include "signalbox.configVolume" $root | nindent 8 }}
        {{- end }}
        {{- with $set.extraVolumes }}
        {{- tpl (toYaml .) $root | nindent 8 }}
        {{- end }}
{{- end }}

{{/* "yes" where this service gets the config file: (dict "root" $ "service" "router"). */}}
{{- define "signalbox.readsConfig" -}}
{{- if and (include "signalbox.hasConfig" .root) (has .service .root.Values.config.mountIn) -}}yes{{- end -}}
{{- end }}

{{/* The folder is mounted, not the file: a file mounted by subPath would never change. */}}
{{- define "signalbox.configVolume" -}}
{{- $config := .Values.config -}}
- name: config
  {{- if $config.existingSecret }}
  secret: { secretName: {{ tpl $config.existingSecret . }}, items: [{ key: {{ $config.key }}, path: config.yaml }] }
  {{- else }}
  configMap:
    name: {{ if $config.existingConfigMap }}{{ tpl $config.existingConfigMap . }}{{ else }}{{ include "signalbox.object" (dict "root" . "suffix" "config") }}{{ end }}
    items: [{ key: {{ $config.key }}, path: config.yaml }]
  {{- end }}
{{- end }}

{{- define "signalbox.podAnnotations" -}}
{{- $root := .root -}}
{{- $service := .work.service -}}
{{- $values := $root.Values -}}
{{- if and (include "signalbox.makesConfig" $root) (include "signalbox.readsConfig" (dict "root" $root "service" $service)) $values.config.restartOnChange }}
checksum/config: {{ include "signalbox.configText" $root | sha256sum }}
{{- end }}
# Only of values that stand in the chart's own Secret and that this service reads; others are for their owners to roll.
checksum/secrets: {{ include "signalbox.secretsOf" (dict "root" $root "service" $service) | sha256sum }}
{{- if eq $values.monitoring.scrape "podAnnotations" }}
prometheus.io/scrape: 'true'
prometheus.io/port: '9464'
prometheus.io/path: /metrics
prometheus.io/scheme: http
{{- end }}
{{- with .work.settings.podAnnotations }}
{{ tpl (toYaml .) $root }}
{{- end }}
{{- end }}

{{/* The trial values that a service reads, as text to be hashed. */}}
{{- define "signalbox.secretsOf" -}}
{{- $values := .root.Values -}}
{{- $read := list (get $values.nats.auth.values .service) -}}
{{- if has .service (list "ingress" "accounting") }}{{ $read = concat $read (list $values.keyPepper.value $values.masterKey.value) }}{{ end -}}
{{- if eq .service "accounting" }}{{ $read = concat $read (list $values.postgresql.external.value $values.postgresql.trial.password.value) }}{{ end -}}
{{- if eq .service "ingress" }}{{ range $values.callbackKeys.names }}{{ $read = append $read (get $values.callbackKeys.values .) }}{{ end }}{{ end -}}
{{- if eq .service "provider-cloud" }}{{ range $values.providerKeys.names }}{{ $read = append $read (get $values.providerKeys.values .) }}{{ end }}{{ end -}}
{{- if eq .service "provider-ollama" }}{{ range $values.providerKeys.localNames }}{{ $read = append $read (get $values.providerKeys.values .) }}{{ end }}{{ end -}}
{{- toJson $read -}}
{{- end }}
