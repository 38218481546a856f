{{/* What the pods of hooks and tests have in common. No ServiceAccount of the chart's: at a first install there is none yet. */}}
{{- define "signalbox.hookPod" -}}
{{- include "signalbox.pullSecrets" . }}
restartPolicy: Never
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  {{- mustMergeOverwrite (include "signalbox.podSecurity" . | fromYaml) .Values.common.podSecurityContext | toYaml | nindent 2 }}
{{- range $field := list "nodeSelector" "tolerations" "affinity" "priorityClassName" "hostAliases" "dnsConfig" }}
{{- with index $.Values.common $field }}
{{ $field }}:
  {{- tpl (toYaml .) $ | nindent 2 }}
{{- end }}
{{- end }}
{{- end }}

{{/* The container of such a pod, up to its arguments: (dict "root" $ "name" "migrate"). */}}
{{- define "signalbox.hookContainer" -}}
name: {{ .name }}
image: {{ include "signalbox.image" (dict "root" .root "own" .root.Values.common.image) }}
imagePullPolicy: {{ .root.Values.common.image.pullPolicy | default .root.Values.image.pullPolicy }}
securityContext:
  {{- mustMergeOverwrite (include "signalbox.containerSecurity" .root | fromYaml) .root.Values.common.securityContext | toYaml | nindent 2 }}
resources: { requests: { cpu: 50m, memory: 64Mi }, limits: { memory: 256Mi } }
{{- end }}

{{/* Annotations of a hook: (dict "root" $ "hooks" "pre-install,pre-upgrade" "weight" 0 "own" <the user's, which win>). */}}
{{- define "signalbox.hookAnnotations" -}}
{{- $hook := dict "helm.sh/hook" .hooks "helm.sh/hook-weight" (toString .weight) -}}
{{- /* Both: without the second, uninstalling would leave it behind. */ -}}
{{- $_ := set $hook "helm.sh/hook-delete-policy" "before-hook-creation,hook-succeeded" -}}
{{- tpl (mustMergeOverwrite $hook (deepCopy (.own | default dict)) | toYaml) .root -}}
{{- end }}
