/** The GPU hosts: what they have loaded, who waits, how fast they are. */
import { quantile, rateBy } from './expressions.js';
import type { DashboardSpec } from './panel.js';

const chosen = 'backend=~"$backend"';

export const hosts: DashboardSpec = {
  uid: 'signalbox-hosts',
  title: 'Signalbox / GPU hosts',
  description: 'Health, queues, loaded models and speed of backends.',
  variables: [{ name: 'backend', label: 'Backend', metric: 'signalbox_backend_up', labelName: 'backend' }],
  rows: [
    {
      title: 'Health',
      panels: [
        {
          title: 'Up',
          description: '1 where a backend is judged healthy.',
          unit: 'short',
          kind: 'timeseries',
          queries: [[`max by (backend) (signalbox_backend_up{${chosen}})`, '{{backend}}']],
          max: 1,
        },
        {
          title: 'Circuit',
          description: '0: takes requests; 1: is tried with a few; 2: is left out after failures.',
          unit: 'short',
          kind: 'timeseries',
          queries: [[`max by (backend) (signalbox_backend_circuit_state{${chosen}})`, '{{backend}}']],
          max: 2,
        },
        {
          title: 'Probes, p95',
          description: 'How long probes take.',
          unit: 's',
          kind: 'timeseries',
          queries: [[quantile(0.95, 'signalbox_backend_probe_duration_seconds', 'backend', chosen), '{{backend}}']],
        },
        {
          title: 'Accounts refused, 24 hours',
          description: 'How often a provider refused the key of a backend, or wanted money first.',
          unit: 'short',
          kind: 'timeseries',
          queries: [
            [
              `sum by (backend, problem) (increase(signalbox_account_problems_total{${chosen}}[24h]))`,
              '{{backend}} {{problem}}',
            ],
          ],
        },
      ],
    },
    {
      title: 'Work',
      panels: [
        {
          title: 'Running',
          description: 'Requests that a host works on.',
          unit: 'short',
          kind: 'timeseries',
          queries: [[`max by (backend) (signalbox_backend_inflight{${chosen}})`, '{{backend}}']],
        },
        {
          title: 'Waiting',
          description: 'Requests in the queue of a host.',
          unit: 'short',
          kind: 'timeseries',
          queries: [[`max by (backend) (signalbox_backend_queue_depth{${chosen}})`, '{{backend}}']],
        },
        {
          title: 'Time in the queue, p95',
          description: 'How long the slowest twentieth waited for its turn.',
          unit: 's',
          kind: 'timeseries',
          queries: [[quantile(0.95, 'signalbox_queue_wait_seconds', 'backend', chosen), '{{backend}}']],
        },
        {
          title: 'Output speed, median',
          description: 'Tokens per second of an answer.',
          unit: 'short',
          kind: 'timeseries',
          queries: [
            [quantile(0.5, 'signalbox_output_tokens_per_second', 'backend, model', chosen), '{{backend}} {{model}}'],
          ],
        },
        {
          title: 'Attempts',
          description: 'Tries per second by backend and how they ended.',
          unit: 'reqps',
          kind: 'timeseries',
          queries: [[rateBy('backend, outcome', 'signalbox_attempts_total', chosen), '{{backend}} {{outcome}}']],
        },
      ],
    },
    {
      title: 'Models in memory',
      panels: [
        {
          title: 'Loaded models',
          description: 'Memory of each loaded model: on the GPU, and in all.',
          unit: 'bytes',
          kind: 'timeseries',
          queries: [
            [
              `max by (backend, model, memory) (signalbox_backend_loaded_model_bytes{${chosen}})`,
              '{{backend}} {{model}} {{memory}}',
            ],
          ],
          width: 12,
        },
        {
          title: 'Swaps per hour',
          description: 'Loads that displaced another model. Many of them: two models share a host that holds one.',
          unit: 'short',
          kind: 'timeseries',
          queries: [[`sum by (backend) (increase(signalbox_model_swaps_total{${chosen}}[1h]))`, '{{backend}}']],
          width: 6,
        },
        {
          title: 'Loading, p95',
          description: 'How long it takes to load a model.',
          unit: 's',
          kind: 'timeseries',
          queries: [
            [quantile(0.95, 'signalbox_model_load_seconds', 'backend, model', chosen), '{{backend}} {{model}}'],
          ],
          width: 6,
        },
      ],
    },
  ],
};
