/** The first page: is everything well, how much is going on, what does it cost. */
import { quantile, rateBy, ratio, serverFaults } from './expressions.js';
import type { DashboardSpec } from './panel.js';

export const fleet: DashboardSpec = {
  uid: 'signalbox-fleet',
  title: 'Signalbox / Fleet',
  description: 'Requests, errors, latency and cost of the whole gateway.',
  variables: [],
  rows: [
    {
      title: 'Now',
      panels: [
        {
          title: 'Requests per second',
          description: 'Finished requests of all models.',
          unit: 'reqps',
          kind: 'stat',
          queries: [['sum(rate(signalbox_requests_total[5m]))', 'requests']],
          width: 4,
          height: 4,
        },
        {
          title: 'Failed',
          description:
            'Share of requests that failed through a fault of the gateway or an upstream. Refused requests and clients that left do not count.',
          unit: 'percentunit',
          kind: 'stat',
          queries: [
            [
              ratio(
                `sum(rate(signalbox_requests_total{outcome=~"${serverFaults}"}[5m]))`,
                'sum(rate(signalbox_requests_total[5m]))',
              ),
              'failed',
            ],
          ],
          thresholds: [
            [0.01, 'orange'],
            [0.06, 'red'],
          ],
          width: 4,
          height: 4,
          decimals: 2,
        },
        {
          title: 'Open streams',
          description: 'Streamed answers that are being sent.',
          unit: 'short',
          kind: 'stat',
          queries: [['sum(signalbox_open_streams)', 'streams']],
          width: 4,
          height: 4,
        },
        {
          title: 'Backends up',
          description: 'Backends that are judged healthy, and how many there are.',
          unit: 'short',
          kind: 'stat',
          queries: [
            ['sum(max by (backend) (signalbox_backend_up))', 'up'],
            ['count(max by (backend) (signalbox_backend_up))', 'of'],
          ],
          width: 4,
          height: 4,
        },
        {
          title: 'Cost of the last 24 hours',
          description: 'Spend on clouds as posted by accounting.',
          unit: 'currencyUSD',
          kind: 'stat',
          queries: [['sum(increase(signalbox_cost_usd_total[24h])) or vector(0)', 'USD']],
          width: 4,
          height: 4,
          decimals: 2,
        },
        {
          title: 'Month at this rate',
          description: 'Thirty times the cost of the last 24 hours.',
          unit: 'currencyUSD',
          kind: 'stat',
          queries: [['30 * sum(increase(signalbox_cost_usd_total[24h])) or vector(0)', 'USD']],
          width: 4,
          height: 4,
          decimals: 2,
        },
        {
          title: 'Services',
          description: 'Processes that answer on their management port, by service.',
          unit: 'short',
          kind: 'stat',
          queries: [['sum by (component) (up{job="signalbox"})', '{{component}}']],
          thresholds: [],
          width: 16,
          height: 4,
        },
        {
          title: 'Versions',
          description: 'How many processes run which version; two versions are normal only during an upgrade.',
          unit: 'short',
          kind: 'stat',
          queries: [['count by (version) (signalbox_build_info)', '{{version}}']],
          width: 8,
          height: 4,
        },
      ],
    },
    {
      title: 'Traffic',
      panels: [
        {
          title: 'Requests by outcome',
          description: 'Finished requests per second by how they ended.',
          unit: 'reqps',
          kind: 'timeseries',
          queries: [[rateBy('outcome', 'signalbox_requests_total'), '{{outcome}}']],
          stacked: true,
        },
        {
          title: 'Duration',
          description: 'From the request to the last byte.',
          unit: 's',
          kind: 'timeseries',
          queries: [0.5, 0.95, 0.99].map(
            (share) => [quantile(share, 'signalbox_request_duration_seconds'), `p${String(share * 100)}`] as const,
          ),
        },
        {
          title: 'First token, p95 by model',
          description: 'From the request to the first content, the slowest twentieth.',
          unit: 's',
          kind: 'timeseries',
          queries: [[quantile(0.95, 'signalbox_time_to_first_token_seconds', 'model'), '{{model}}']],
        },
        {
          title: 'Tokens per second',
          description: 'Tokens in and out over all models, as posted by accounting.',
          unit: 'short',
          kind: 'timeseries',
          queries: [[rateBy('type', 'signalbox_tokens_total'), '{{type}}']],
        },
        {
          title: 'Refused before routing',
          description: 'Requests per second that were refused, by reason.',
          unit: 'reqps',
          kind: 'timeseries',
          queries: [[rateBy('reason', 'signalbox_rejections_total'), '{{reason}}']],
          stacked: true,
        },
        {
          title: 'Fallbacks',
          description: 'Requests per second that went on to another model, by where they came from.',
          unit: 'reqps',
          kind: 'timeseries',
          queries: [[rateBy('from_model, to_model', 'signalbox_fallbacks_total'), '{{from_model}} to {{to_model}}']],
        },
        {
          title: 'Response cache',
          description: 'Requests per second that asked the response cache, by what it said. All at 0 while it is off.',
          unit: 'reqps',
          kind: 'timeseries',
          queries: [[rateBy('result', 'signalbox_cache_requests_total'), '{{result}}']],
          stacked: true,
        },
      ],
    },
    {
      title: 'Processes',
      panels: [
        {
          title: 'Restarts',
          description: 'Starts in the last hour, by service.',
          unit: 'short',
          kind: 'timeseries',
          queries: [['sum by (component) (changes(process_start_time_seconds{job="signalbox"}[1h]))', '{{component}}']],
        },
        {
          title: 'Memory',
          description: 'Resident memory of each process.',
          unit: 'bytes',
          kind: 'timeseries',
          queries: [['process_resident_memory_bytes{job="signalbox"}', '{{component}} {{instance}}']],
        },
        {
          title: 'Event loop, p99',
          description: 'How late timers fire. Above 0.1 s a process is short of CPU and tokens stutter.',
          unit: 's',
          kind: 'timeseries',
          queries: [['max by (component) (nodejs_eventloop_lag_p99_seconds{job="signalbox"})', '{{component}}']],
        },
      ],
    },
  ],
};
