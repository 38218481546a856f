{{/*
Egress rules for an address that stands in the values: (dict "root" $ "url" "http://ollama.llm.svc:11434" "port" 80), as a YAML list.
An address gets itself and its port. A name gets the private ranges and its port, and the namespace it names (without a port: the
policy sees the pod's, not the Service's). Loopback gets nothing.
*/}}
{{- define "signalbox.reach" -}}
{{- $url := urlParse (ternary .url (printf "nats://%s" .url) (contains "://" .url)) -}}
{{- $host := $url.hostname -}}
{{- $usual := ternary 443 (ternary 80 .port (eq $url.scheme "http")) (eq $url.scheme "https") -}}
{{- $port := $url.host | trimPrefix (ternary (printf "[%s]" $host) $host (contains ":" $host)) | trimPrefix ":" | default $usual | int -}}
{{- $labels := splitList "." $host -}}
{{- if or (eq $host "localhost") (eq $host "::1") (hasPrefix "127." $host) -}}
{{- else if regexMatch "^[0-9.]+$" $host }}
- to: [{ ipBlock: { cidr: {{ $host }}/32 } }]
  ports: [{ port: {{ $port }}, protocol: TCP }]
{{- else if contains ":" $host }}
- to: [{ ipBlock: { cidr: '{{ $host }}/128' } }]
  ports: [{ port: {{ $port }}, protocol: TCP }]
{{- else }}
{{- if eq (len $labels) 1 }}
- to: [{ podSelector: {} }]
{{- else if or (eq (len $labels) 2) (eq (index $labels 2) "svc") }}
- to: [{ namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: {{ index $labels 1 }} } } }]
{{- end }}
{{- if not (and (gt (len $labels) 2) (eq (index $labels 2) "svc")) }}
- to:
    {{- include "signalbox.privatePeers" .root | nindent 4 }}
  ports: [{ port: {{ $port }}, protocol: TCP }]
{{- end }}
{{- end }}
{{- end }}

{{/* The private addresses, as peers. */}}
{{- define "signalbox.privatePeers" -}}
{{- range .Values.networkPolicy.privateRanges }}
- ipBlock: { cidr: {{ . | quote }} }
{{- end }}
{{- end }}

{{/* The cluster and the private addresses: (dict "root" $ "port" 5432), without a port all of them. As a YAML list of one rule. */}}
{{- define "signalbox.privateReach" -}}
- to:
    - namespaceSelector: {}
    {{- include "signalbox.privatePeers" .root | nindent 4 }}
  {{- with .port }}
  ports: [{ port: {{ . }}, protocol: TCP }]
  {{- end }}
{{- end }}

{{/* The local engines of the config file as {known, hosts: {<id of the backend>: <api_base>}}; known is false where the chart does
not see all of them: a file of one's own, an address in a variable, an include. The ids are those of GET /health. */}}
{{- define "signalbox.localHosts" -}}
{{- $known := not (empty (include "signalbox.makesConfig" .)) -}}
{{- $hosts := dict -}}
{{- $file := dict -}}
{{- if $known }}{{ $file = include "signalbox.configText" . | fromYaml }}{{ end -}}
{{- if or (hasKey $file "Error") (hasKey $file "include") (not (kindIs "slice" (get $file "model_list" | default list))) -}}
{{- $known = false -}}
{{- else -}}
{{- range $entry := get $file "model_list" | default list -}}
{{- $params := get $entry "litellm_params" | default dict -}}
{{- $prefix := get $params "model" | default "" | toString | splitList "/" | first -}}
{{- $base := get $params "api_base" | default "" | toString -}}
{{- $usual := get (get (get $file "signalbox" | default dict) "data_policy" | default dict) $prefix -}}
{{- $policy := get (get $entry "model_info" | default dict) "data_policy" | default $usual -}}
{{- if or (has $prefix (list "ollama" "ollama_chat" "lm_studio" "llamafile" "hosted_vllm" "os.environ")) (and (eq $prefix "openai") (eq $policy "local")) -}}
{{- if hasPrefix "http" $base -}}
{{- $url := urlParse $base -}}
{{- $port := ternary "" (ternary "-443" "-80" (eq $url.scheme "https")) (regexMatch ":[0-9]+$" $url.host) -}}
{{- $path := regexReplaceAll "^/(v1)?/?$" $url.path "" -}}
{{- $id := printf "%s-%s%s-%s" ($prefix | replace "ollama_chat" "ollama") ($url.host | lower) $port $path -}}
{{- $_ := set $hosts (regexReplaceAll "[^A-Za-z0-9]+" $id "-" | trimAll "-") $base -}}
{{- else -}}
{{- $known = false -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- dict "known" $known "hosts" $hosts | toJson -}}
{{- end }}

{{/* Where a workload of provider-ollama may go: (dict "root" $ "backends" [ids]), all of them where it names none. */}}
{{- define "signalbox.localReach" -}}
{{- $root := .root -}}
{{- $local := include "signalbox.localHosts" .root | fromJson -}}
{{- if .root.Values.networkPolicy.localBackends -}}
{{- toYaml .root.Values.networkPolicy.localBackends -}}
{{- else if not $local.known -}}
{{- include "signalbox.privateReach" (dict "root" .root) -}}
{{- else -}}
{{- $wanted := keys $local.hosts | sortAlpha -}}
{{- if .backends }}{{ $wanted = .backends }}{{ end -}}
{{- $rules := list -}}
{{- range $id := $wanted -}}
{{- if hasKey $local.hosts $id -}}
{{- $rules = concat $rules (include "signalbox.reach" (dict "root" $root "url" (get $local.hosts $id) "port" 80) | fromYamlArray) -}}
{{- else -}}
{{- $rules = concat $rules (include "signalbox.privateReach" (dict "root" $root) | fromYamlArray) -}}
{{- end -}}
{{- end -}}
{{- with $rules | uniq }}{{ toYaml . }}{{ end -}}
{{- end -}}
{{- end }}

{{/* Where provider-cloud may go: the internet over HTTP, and nothing private. As a YAML list. */}}
{{- define "signalbox.cloudReach" -}}
{{- if .Values.networkPolicy.cloudBackends -}}
{{- toYaml .Values.networkPolicy.cloudBackends -}}
{{- else -}}
- to:
    - ipBlock:
        cidr: 0.0.0.0/0
        except:
          - 169.254.0.0/16
          {{- range .Values.networkPolicy.privateRanges }}
          {{- if not (contains ":" .) }}
          - {{ . }}
          {{- end }}
          {{- end }}
    - ipBlock: { cidr: '2000::/3' }
  ports: [{ port: 443, protocol: TCP }, { port: 80, protocol: TCP }]
{{- end -}}
{{- end }}
