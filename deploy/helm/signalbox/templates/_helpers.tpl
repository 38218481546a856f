{{/* The names of things. Everything stays within 50 characters: a StatefulSet's label and hostname grow from it (63), and
CloudNativePG takes no longer name. */}}
{{- define "signalbox.chartName" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end }}

{{- define "signalbox.wholeName" -}}
{{- $name := include "signalbox.chartName" . -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name -}}
{{- end -}}
{{- end }}

{{/* Name of an object: (dict "root" $ "suffix" "router"). What is too long, or has a dot (Helm allows it, a Service does not), is
changed, and a hash keeps two releases apart. */}}
{{- define "signalbox.object" -}}
{{- $whole := include "signalbox.wholeName" .root -}}
{{- $tail := "" -}}
{{- if .suffix }}{{ $tail = printf "-%s" .suffix }}{{ end -}}
{{- if and (le (add (len $whole) (len $tail)) 50) (not (contains "." $whole)) -}}
{{- printf "%s%s" $whole $tail -}}
{{- else -}}
{{- $room := sub 43 (len $tail) | int -}}
{{- printf "%s-%s%s" ($whole | replace "." "-" | trunc $room | trimSuffix "-") ($whole | sha256sum | trunc 6) $tail -}}
{{- end -}}
{{- end }}

{{- define "signalbox.fullname" -}}
{{- include "signalbox.object" (dict "root" . "suffix" "") -}}
{{- end }}

{{/* Labels that never change: (dict "root" $ "component" "router"). */}}
{{- define "signalbox.selector" -}}
app.kubernetes.io/name: {{ include "signalbox.chartName" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{/* Labels of pods: (dict "root" $ "component" "nats" "version" <of what runs there; the product's where it is missing>). NATS and
PostgreSQL carry their own version, so that an upgrade of the product replaces neither. */}}
{{- define "signalbox.podLabels" -}}
{{ include "signalbox.selector" . }}
app.kubernetes.io/part-of: signalbox
app.kubernetes.io/version: {{ .version | default .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
{{- end }}

{{- define "signalbox.labels" -}}
{{ include "signalbox.podLabels" . }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" | trunc 63 }}
{{- end }}

{{/* The registry of `global`, a mirror for example, in front of a repository: (dict "root" $ "name" "nats:2.12-alpine"). */}}
{{- define "signalbox.fromRegistry" -}}
{{- $registry := dig "image" "registry" "" .root.Values.global -}}
{{- if $registry }}{{ printf "%s/%s" (trimSuffix "/" $registry) .name }}{{ else }}{{ .name }}{{ end -}}
{{- end }}

{{/* The product's image: (dict "root" $ "own" <the service's image values, or nothing>). */}}
{{- define "signalbox.image" -}}
{{- $image := mustMergeOverwrite (deepCopy .root.Values.image) (deepCopy (.own | default dict)) -}}
{{- $repository := required "image.repository: say where you pushed the image (see deploy/docker/Dockerfile)" $image.repository -}}
{{- $name := include "signalbox.fromRegistry" (dict "root" .root "name" $repository) -}}
{{- if $image.digest -}}
{{- printf "%s@%s" $name $image.digest -}}
{{- else -}}
{{- printf "%s:%s" $name (default .root.Chart.AppVersion $image.tag) -}}
{{- end -}}
{{- end }}

{{/* The tag of an image, as the version in labels of servers that are not the product's: "nats:2.12-alpine" -> "2.12-alpine". */}}
{{- define "signalbox.tagOf" -}}
{{- $name := . | splitList "/" | last | splitList "@" | first -}}
{{- if contains ":" $name }}{{ $name | splitList ":" | last | trunc 63 | trimAll "-_." }}{{ else }}latest{{ end -}}
{{- end }}

{{- define "signalbox.pullSecrets" -}}
{{- with concat .Values.image.pullSecrets (.Values.global.imagePullSecrets | default list) | uniq }}
imagePullSecrets:
{{- range . }}
  - name: {{ if kindIs "map" . }}{{ .name }}{{ else }}{{ . }}{{ end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "signalbox.serviceAccount" -}}
{{- .Values.serviceAccount.name | default (include "signalbox.fullname" .) -}}
{{- end }}

{{/* Restricted Pod Security, for every pod of this chart. */}}
{{- define "signalbox.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
fsGroupChangePolicy: OnRootMismatch
seccompProfile: { type: RuntimeDefault }
{{- end }}

{{- define "signalbox.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end }}

{{/* Name of the Secret that holds something: (dict "root" $ "given" <existingSecret> "value" <value> "what" "keyPepper"). */}}
{{- define "signalbox.secretName" -}}
{{- if .given -}}
{{- tpl .given .root -}}
{{- else if .root.Values.externalSecrets.enabled -}}
{{- include "signalbox.object" (dict "root" .root "suffix" "external") -}}
{{- else if .value -}}
{{- include "signalbox.object" (dict "root" .root "suffix" "secrets") -}}
{{- else -}}
{{- fail (printf "%s: give existingSecret (or externalSecrets, or for a trial a value); the chart makes up no secret" .what) -}}
{{- end -}}
{{- end }}

{{/* secretKeyRef of a {existingSecret, key, value} block: (dict "root" $ "block" .Values.keyPepper "what" "keyPepper"). */}}
{{- define "signalbox.secretRef" -}}
secretKeyRef:
  name: {{ include "signalbox.secretName" (dict "root" .root "given" .block.existingSecret "value" .block.value "what" .what) }}
  key: {{ .block.key }}
{{- end }}

{{- define "signalbox.natsSecretName" -}}
{{- include "signalbox.secretName" (dict "root" . "given" .Values.nats.auth.existingSecret "value" .Values.nats.auth.values "what" "nats.auth") -}}
{{- end }}

{{- define "signalbox.natsUrl" -}}
{{- if .Values.nats.enabled -}}
{{- printf "nats://%s:4222" (include "signalbox.object" (dict "root" . "suffix" "nats")) -}}
{{- else -}}
{{- required "nats.external.url: needed where nats.enabled is false" .Values.nats.external.url -}}
{{- end -}}
{{- end }}

{{/* Copies of streams: at most three, as many as there are servers. */}}
{{- define "signalbox.natsCopies" -}}
{{- if .Values.nats.enabled -}}{{ min 3 (int .Values.nats.replicas) }}{{- else -}}{{ .Values.nats.external.replicas }}{{- end -}}
{{- end }}

{{/* "yes" where there is a config file. */}}
{{- define "signalbox.hasConfig" -}}
{{- with .Values.config -}}
{{- if or .content .text .existingConfigMap .existingSecret -}}yes{{- end -}}
{{- end -}}
{{- end }}

{{/* "yes" where the chart makes the file's ConfigMap. */}}
{{- define "signalbox.makesConfig" -}}
{{- with .Values.config -}}
{{- if and (or .content .text) (not .existingConfigMap) (not .existingSecret) -}}yes{{- end -}}
{{- end -}}
{{- end }}

{{- define "signalbox.configText" -}}
{{- if .Values.config.text -}}{{ .Values.config.text }}{{- else -}}{{ toYaml .Values.config.content }}{{- end -}}
{{- end }}

{{/* The settings of a service: common, and what is its own: (dict "root" $ "service" "router"). As YAML. */}}
{{- define "signalbox.settings" -}}
{{- $own := omit (index .root.Values.services .service) "workers" "keepGeneral" -}}
{{- mustMergeOverwrite (deepCopy .root.Values.common) (deepCopy $own) | toYaml -}}
{{- end }}

{{/* Every Deployment of the six services, as a YAML list of {service, suffix, backends, settings}. */}}
{{- define "signalbox.workloads" -}}
{{- range $service := list "ingress" "router" "accounting" "health" "provider-ollama" "provider-cloud" }}
{{- $settings := include "signalbox.settings" (dict "root" $ "service" $service) | fromYaml }}
{{- if $settings.enabled }}
{{- $workers := dict }}
{{- $general := true }}
{{- if eq $service "provider-ollama" }}
{{- $workers = index $.Values.services $service "workers" }}
{{- $general = or (not $workers) (index $.Values.services $service "keepGeneral") }}
{{- end }}
{{- if $general }}
- service: {{ $service }}
  suffix: {{ $service }}
  backends: []
  settings: {{ toJson $settings }}
{{- end }}
{{- range $name, $worker := $workers }}
- service: {{ $service }}
  suffix: {{ printf "%s-%s" $service $name }}
  backends: {{ toJson $worker.backends }}
  settings: {{ mustMergeOverwrite (deepCopy $settings) (deepCopy (omit $worker "backends")) | toJson }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
