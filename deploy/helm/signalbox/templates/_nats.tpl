{{- define "signalbox.natsConf" -}}
port: 4222
http_port: 8222
server_name: $NATS_SERVER_NAME
pid_file: "/var/run/nats/nats.pid"
max_payload: 1MB
write_deadline: "10s"
lame_duck_grace_period: "5s"
lame_duck_duration: "30s"

jetstream {
  store_dir: "/data"
  max_mem: 256MB
  # Without `always` an acknowledged usage event would live in memory for up to two minutes.
  sync_interval: always
}

authorization {
  users = [
    { user: "ingress", password: $NATS_PASSWORD_INGRESS }
    { user: "router", password: $NATS_PASSWORD_ROUTER }
    { user: "accounting", password: $NATS_PASSWORD_ACCOUNTING }
    { user: "health", password: $NATS_PASSWORD_HEALTH }
    { user: "provider-ollama", password: $NATS_PASSWORD_PROVIDER_OLLAMA }
    # Prompts that must stay in the house are published under infer.local only: no mistake in routing can hand it one.
    { user: "provider-cloud", password: $NATS_PASSWORD_PROVIDER_CLOUD, permissions: { subscribe: { deny: ["infer.local.>"] } } }
  ]
}
{{- if gt (int .Values.nats.replicas) 1 }}

cluster {
  name: {{ include "signalbox.fullname" . | quote }}
  port: 6222
  authorization { user: "cluster", password: $NATS_PASSWORD_CLUSTER, timeout: 2 }
  routes: [
    {{- range $index := until (int .Values.nats.replicas) }}
    $NATS_ROUTE_{{ $index }}
    {{- end }}
  ]
}
{{- end }}
{{- end }}

{{/* A volumeClaimTemplate with what the API server would add, so that Argo CD sees no drift. */}}
{{- define "signalbox.claim" -}}
- apiVersion: v1
  kind: PersistentVolumeClaim
  metadata:
    name: {{ .name }}
  spec:
    accessModes: [ReadWriteOnce]
    volumeMode: Filesystem
    {{- with .storage.storageClass }}
    storageClassName: {{ . }}
    {{- end }}
    resources: { requests: { storage: {{ .storage.size }} } }
{{- end }}
