/** One model: how fast, how reliable, who serves it. */
import { quantile, rateBy, ratio } from './expressions.js';
import type { DashboardSpec } from './panel.js';

const chosen = 'model=~"$model"';

export const model: DashboardSpec = {
  uid: 'signalbox-model',
  title: 'Signalbox / Model detail',
  description: 'Latency, speed, attempts and fallbacks of the chosen models.',
  variables: [{ name: 'model', label: 'Model', metric: 'signalbox_requests_total', labelName: 'model' }],
  rows: [
    {
      title: 'Latency',
      panels: [
        {
          title: 'Duration',
          description: 'How long whole answers take; each square is a bucket. Points lead to traces.',
          unit: 's',
          kind: 'heatmap',
          queries: [[rateBy('le', 'signalbox_request_duration_seconds_bucket', chosen), '{{le}}']],
          width: 12,
        },
        {
          title: 'First token',
          description: 'How long clients wait for the first content.',
          unit: 's',
          kind: 'heatmap',
          queries: [[rateBy('le', 'signalbox_time_to_first_token_seconds_bucket', chosen), '{{le}}']],
          width: 12,
        },
        {
          title: 'First token by provider',
          description: 'Half of all requests and the slowest twentieth.',
          unit: 's',
          kind: 'timeseries',
          queries: [
            [quantile(0.5, 'signalbox_time_to_first_token_seconds', 'provider', chosen), '{{provider}} p50'],
            [quantile(0.95, 'signalbox_time_to_first_token_seconds', 'provider', chosen), '{{provider}} p95'],
          ],
        },
        {
          title: 'Output speed',
          description: 'Tokens per second of an answer: the median and the slowest twentieth, by backend.',
          unit: 'short',
          kind: 'timeseries',
          queries: [
            [quantile(0.5, 'signalbox_output_tokens_per_second', 'backend', chosen), '{{backend}} p50'],
            [quantile(0.05, 'signalbox_output_tokens_per_second', 'backend', chosen), '{{backend}} p5'],
          ],
        },
        {
          title: 'Gateway overhead, p95',
          description: 'Time that the gateway itself took, by stage, over all models.',
          unit: 's',
          kind: 'timeseries',
          queries: [[quantile(0.95, 'signalbox_overhead_seconds', 'stage'), '{{stage}}']],
        },
      ],
    },
    {
      title: 'Reliability',
      panels: [
        {
          title: 'Outcomes',
          description: 'Finished requests per second by how they ended.',
          unit: 'reqps',
          kind: 'timeseries',
          queries: [[rateBy('outcome', 'signalbox_requests_total', chosen), '{{outcome}}']],
          stacked: true,
        },
        {
          title: 'Attempts by backend',
          description: 'Tries per second against each backend; a request may take several.',
          unit: 'reqps',
          kind: 'timeseries',
          queries: [[rateBy('backend, outcome', 'signalbox_attempts_total', chosen), '{{backend}} {{outcome}}']],
        },
        {
          title: 'Failed attempts by kind',
          description: 'Why tries failed.',
          unit: 'reqps',
          kind: 'timeseries',
          queries: [
            [rateBy('error_type', 'signalbox_attempts_total', `${chosen},outcome="failure"`), '{{error_type}}'],
          ],
        },
        {
          title: 'Served by a fallback',
          description: 'Share of requests for the model that another model answered.',
          unit: 'percentunit',
          kind: 'timeseries',
          queries: [
            [
              ratio(
                'sum(rate(signalbox_fallbacks_total{from_model=~"$model"}[$__rate_interval]))',
                `sum(rate(signalbox_requests_total{${chosen}}[$__rate_interval]))`,
              ),
              'fallbacks',
            ],
          ],
        },
        {
          title: 'Clients that left',
          description: 'Clients that closed the connection, before or during the answer.',
          unit: 'reqps',
          kind: 'timeseries',
          queries: [[rateBy('phase', 'signalbox_client_disconnects_total', chosen), '{{phase}}']],
        },
        {
          title: 'Finish reasons',
          description: 'Why answers ended, per second; length: cut off by its limit; other: its client left, or none.',
          unit: 'reqps',
          kind: 'timeseries',
          queries: [[rateBy('finish_reason', 'signalbox_finish_reasons_total', chosen), '{{finish_reason}}']],
          stacked: true,
        },
      ],
    },
    {
      title: 'Length',
      panels: [
        {
          title: 'Prompt length',
          description: 'Tokens of prompts: the median and the longest twentieth, by model.',
          unit: 'short',
          kind: 'timeseries',
          queries: [
            [quantile(0.5, 'signalbox_prompt_tokens', 'model', chosen), '{{model}} p50'],
            [quantile(0.95, 'signalbox_prompt_tokens', 'model', chosen), '{{model}} p95'],
          ],
        },
        {
          title: 'Answer length',
          description: 'Tokens of answers: the median and the longest twentieth, by model.',
          unit: 'short',
          kind: 'timeseries',
          queries: [
            [quantile(0.5, 'signalbox_answer_tokens', 'model', chosen), '{{model}} p50'],
            [quantile(0.95, 'signalbox_answer_tokens', 'model', chosen), '{{model}} p95'],
          ],
        },
        {
          title: 'Tokens per request',
          description: 'Mean length of prompts and answers.',
          unit: 'short',
          kind: 'timeseries',
          queries: [
            [
              `sum by (type) (rate(signalbox_tokens_total{${chosen}}[$__rate_interval])) / ignoring (type) group_left () sum(rate(signalbox_requests_total{${chosen}}[$__rate_interval]))`,
              '{{type}}',
            ],
          ],
        },
      ],
    },
  ],
};
