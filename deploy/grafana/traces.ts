/** Where to begin with traces: what failed, what was slow, who left, and how the services hang together. */
import { rateBy } from './expressions.js';
import type { DashboardSpec } from './panel.js';

export const traces: DashboardSpec = {
  uid: 'signalbox-traces',
  title: 'Signalbox / Traces',
  description: 'Ways into the traces, for Jaeger. Each line leads to one request through all services.',
  variables: [],
  rows: [
    {
      title: 'By latency',
      panels: [
        {
          title: 'Duration',
          description: 'Each square is a bucket of durations; points are single requests and lead to their traces.',
          unit: 's',
          kind: 'heatmap',
          queries: [[rateBy('le', 'signalbox_request_duration_seconds_bucket'), '{{le}}']],
          width: 12,
        },
        {
          title: 'First token',
          description: 'How long clients waited for the first content; points lead to traces.',
          unit: 's',
          kind: 'heatmap',
          queries: [[rateBy('le', 'signalbox_time_to_first_token_seconds_bucket'), '{{le}}']],
          width: 12,
        },
      ],
    },
    {
      title: 'Requests',
      panels: [
        {
          title: 'Failed',
          description: 'The latest requests in which something failed, also where a fallback saved the answer.',
          unit: 'ms',
          kind: 'table',
          traces: { service: 'ingress', tags: 'error=true' },
          queries: [],
          width: 12,
        },
        {
          title: 'Slow',
          description: 'The latest requests that took longer than ten seconds.',
          unit: 'ms',
          kind: 'table',
          traces: { service: 'ingress', minDuration: '10s' },
          queries: [],
          width: 12,
        },
        {
          title: 'Clients that left',
          description: 'The latest requests whose client went away before the end.',
          unit: 'ms',
          kind: 'table',
          traces: { service: 'ingress', tags: 'gateway.outcome=client_disconnected' },
          queries: [],
          width: 12,
        },
        {
          title: 'Out of budget',
          description: 'The latest requests that a used-up budget refused.',
          unit: 'ms',
          kind: 'table',
          traces: { service: 'ingress', tags: 'gateway.outcome=insufficient_quota' },
          queries: [],
          width: 12,
        },
      ],
    },
    {
      title: 'Services',
      panels: [
        {
          title: 'Who calls whom',
          description: 'Calls between services, from their traces.',
          unit: 'short',
          kind: 'nodeGraph',
          traces: 'graph',
          queries: [],
          width: 12,
        },
        {
          title: 'Usage that was posted',
          description: 'The latest batches; each links to the requests whose usage it posted.',
          unit: 'ms',
          kind: 'table',
          traces: { service: 'accounting', operation: 'process usage' },
          queries: [],
          width: 12,
        },
        {
          title: 'Spans that were lost',
          description: 'Per second; queue_full: more than the backend takes in time; export_failed: it took none.',
          unit: 'ops',
          kind: 'timeseries',
          queries: [[rateBy('component, reason', 'signalbox_trace_spans_dropped_total'), '{{component}} {{reason}}']],
          width: 12,
        },
      ],
    },
  ],
};
