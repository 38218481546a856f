/** Values that no example combines: each rendered, so that what the chart promises holds for all of them. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { chart, helm, render, type RenderOptions } from './chart.js';
import { documents, root, textOf, type Tree } from './deployment-files.js';

export const examples = readdirSync(join(root, chart, 'ci')).map((file) => file.replace('-values.yaml', ''));

const existing = {
  image: { repository: 'registry.example/signalbox' },
  keyPepper: { existingSecret: 'mine' },
  masterKey: { existingSecret: 'mine' },
  postgresql: { external: { existingSecret: 'mine' } },
  nats: { auth: { existingSecret: 'bus' } },
};

const trialCluster = {
  nats: { replicas: 3, auth: { values: { cluster: 'g7' } }, storage: { enabled: false } },
  common: { replicas: 2, autoscaling: { enabled: true } },
  monitoring: { scrape: 'podMonitor', rules: { enabled: true }, dashboards: { enabled: true } },
  config: { checkBeforeUpgrade: true },
  migration: { hook: 'pre' },
  tracing: { otlpEndpoint: 'http://otel.monitoring:4318' },
  global: { image: { registry: 'harbor.example/proxy' }, imagePullSecrets: ['harbor'] },
};

const cnpgKeda = {
  image: existing.image,
  externalSecrets: {
    enabled: true,
    storeRef: { name: 'vault' },
    data: [{ secretKey: 'key-pepper', remoteRef: { key: 'signalbox', property: 'pepper' } }],
  },
  postgresql: { mode: 'cnpg', cnpg: { instances: 3 } },
  nats: { enabled: false, external: { url: 'nats://10.1.2.3:4333', user: 'app', passwordKey: 'app' } },
  common: { replicas: 2, autoscaling: { enabled: true, type: 'keda' } },
  migration: { hook: 'pre' },
  httpRoute: { enabled: true, parentRefs: [{ name: 'public' }], hostnames: ['llm.example'] },
  ingress: { enabled: true, host: 'llm.example', tls: [{ secretName: 'tls', hosts: ['llm.example'] }] },
};

const gpuWorkers = {
  ...existing,
  services: {
    'provider-ollama': {
      replicas: 2,
      workers: {
        'gpu-1': {
          backends: ['ollama-192-168-1-5-11434'],
          tolerations: [{ key: 'nvidia.com/gpu', operator: 'Exists', effect: 'NoSchedule' }],
          affinity: { nodeAffinity: {} },
          runtimeClassName: 'nvidia',
        },
        'gpu-2': {
          backends: ['ollama-192-168-1-6-11434'],
          replicas: 1,
          autoscaling: { enabled: true, minReplicas: 1 },
        },
      },
    },
  },
  serviceAccount: { create: false, name: 'mine' },
  extraObjects: [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: '{{ .Release.Name }}-own' } }],
};

const combinations: readonly (readonly [string, RenderOptions])[] = [
  ...examples.map((name) => [name, { examples: [name] }] as const),
  ['a trial with a NATS cluster, HPA and PodMonitor', { examples: ['minimal'], values: trialCluster }],
  ['CloudNativePG, external NATS, KEDA, ExternalSecret', { values: cnpgKeda }],
  ['workers beside GPUs, existing Secrets', { values: gpuWorkers }],
  ['the least that must be given', { values: existing }],
];

/** How each combination is rendered: the name, and what `template` takes. */
export const rendering = helm === null ? [] : combinations;

/** Objects by combination. The kustomize example's base is rendered already, so it is looked at without helm too. */
export const rendered: readonly (readonly [string, readonly Tree[]])[] = [
  ['the kustomize base', documents(textOf('deploy/kustomize/base/signalbox.yaml'))],
  ...rendering.map(([name, options]) => [name, render(options)] as const),
];
