/** What lies beneath: the bus, the ledger, the config. */
import { quantile, rateBy } from './expressions.js';
import type { DashboardSpec } from './panel.js';

export const bus: DashboardSpec = {
  uid: 'signalbox-bus',
  title: 'Signalbox / Bus and ledger',
  description: 'NATS, usage events on their way to PostgreSQL, and the config in force.',
  variables: [],
  rows: [
    {
      title: 'Bus',
      panels: [
        {
          title: 'Connected',
          description: '1 where a service has its connection to NATS.',
          unit: 'short',
          kind: 'timeseries',
          queries: [['min by (component) (signalbox_bus_connected)', '{{component}}']],
          max: 1,
        },
        {
          title: 'Requests over the bus, p95',
          description: 'From question to answer, by subject.',
          unit: 's',
          kind: 'timeseries',
          queries: [[quantile(0.95, 'signalbox_bus_request_duration_seconds', 'subject'), '{{subject}}']],
        },
        {
          title: 'Failed requests over the bus',
          description: 'Per second, by subject and kind; service_unavailable: nobody answered.',
          unit: 'reqps',
          kind: 'timeseries',
          queries: [[rateBy('subject, error_type', 'signalbox_bus_errors_total'), '{{subject}} {{error_type}}']],
        },
      ],
    },
    {
      title: 'Ledger',
      panels: [
        {
          title: 'Usage events posted',
          description: 'Per second, by result; duplicates are redeliveries and harmless.',
          unit: 'ops',
          kind: 'timeseries',
          queries: [[rateBy('result', 'signalbox_usage_events_total'), '{{result}}']],
        },
        {
          title: 'Waiting in JetStream',
          description: 'Usage events that accounting has not posted yet.',
          unit: 'short',
          kind: 'timeseries',
          queries: [['max(signalbox_usage_pending)', 'waiting']],
        },
        {
          title: 'Oldest waiting',
          description: 'Since when the oldest usage event waits in JetStream; 0 while none does.',
          unit: 's',
          kind: 'timeseries',
          queries: [['max(signalbox_usage_oldest_pending_seconds)', 'oldest']],
        },
        {
          title: 'Consumer of usage',
          description:
            'Messages in NATS by state; pending: given to no accounting; ack_pending: being posted; redelivered: given again, since it was not acknowledged the first time.',
          unit: 'short',
          kind: 'timeseries',
          queries: [['max by (state) (signalbox_usage_consumer_messages)', '{{state}}']],
        },
        {
          title: 'Stream of usage',
          description:
            'Used share of its bytes. Posted events make room from 80 % on; at 100 % services keep new ones.',
          unit: 'percentunit',
          kind: 'timeseries',
          queries: [['max(signalbox_usage_stream_used_ratio)', 'used']],
          max: 1,
        },
        {
          title: 'Bytes of the stream',
          description: 'What the stream of usage holds, and what it may hold.',
          unit: 'bytes',
          kind: 'timeseries',
          queries: [
            ['max(signalbox_usage_stream_bytes)', 'used'],
            ['max(signalbox_usage_stream_limit_bytes)', 'limit'],
          ],
        },
        {
          title: 'Waiting on disk',
          description: 'Usage events that NATS has not acknowledged, by service.',
          unit: 'short',
          kind: 'timeseries',
          queries: [['sum by (component) (signalbox_usage_spooled)', '{{component}}']],
        },
        {
          title: 'Database',
          description: '1 where accounting reaches PostgreSQL.',
          unit: 'short',
          kind: 'timeseries',
          queries: [['min by (instance) (signalbox_db_connected)', '{{instance}}']],
          max: 1,
        },
        {
          title: 'Pool use',
          description: "Accounting's connections to PostgreSQL; waiting: work for which none is free.",
          unit: 'short',
          kind: 'timeseries',
          queries: [['sum by (state) (signalbox_db_pool_connections)', '{{state}}']],
        },
        {
          title: 'Insert latency',
          description: 'How long PostgreSQL takes for a batch of usage: the median and the slowest twentieth.',
          unit: 's',
          kind: 'timeseries',
          queries: [
            [quantile(0.5, 'signalbox_usage_insert_duration_seconds'), 'p50'],
            [quantile(0.95, 'signalbox_usage_insert_duration_seconds'), 'p95'],
          ],
        },
        {
          title: 'Dead letters, 24 hours',
          description: 'Events that could not be read; they are in the table usage_dead.',
          unit: 'short',
          kind: 'stat',
          queries: [
            ['sum(increase(signalbox_usage_events_total{result="dead_letter"}[24h])) or vector(0)', 'dead letters'],
          ],
          thresholds: [[1, 'red']],
        },
      ],
    },
    {
      title: 'Config',
      panels: [
        {
          title: 'Revisions in force',
          description:
            'How many processes work with which revision; more than one for longer than seconds means that one does not hear of changes.',
          unit: 'short',
          kind: 'timeseries',
          queries: [['count by (revision) (signalbox_config_info)', '{{revision}}']],
        },
        {
          title: 'Last accepted change',
          description: 'When the config was last taken over.',
          unit: 'dateTimeFromNow',
          kind: 'stat',
          queries: [['1000 * max(signalbox_config_reload_success_timestamp_seconds)', 'accepted']],
        },
        {
          title: 'Refused changes, 24 hours',
          description: 'Changes of the config file that had errors; the last good config stays.',
          unit: 'short',
          kind: 'stat',
          queries: [['sum(increase(signalbox_config_reload_failures_total[24h])) or vector(0)', 'refused']],
          thresholds: [[1, 'red']],
        },
      ],
    },
    {
      title: 'NATS, by its own exporter (optional)',
      optional: true,
      panels: [
        {
          title: 'Slow consumers',
          description: 'Clients that NATS cut off because they did not read in time, per second and server.',
          unit: 'ops',
          kind: 'timeseries',
          queries: [[rateBy('server_id', 'nats_varz_slow_consumers'), '{{server_id}}']],
          width: 12,
        },
        {
          title: 'Leaders',
          description: 'Which server leads each stream; a leader that moves again and again is a cluster in trouble.',
          unit: 'short',
          kind: 'table',
          queries: [
            [
              'max by (stream_name, stream_leader) (nats_stream_total_messages{is_stream_leader="true"})',
              '{{stream_name}} {{stream_leader}}',
            ],
          ],
          width: 12,
        },
      ],
    },
  ],
};
