/** Every metric of the suite, once: kind, help, labels, buckets. Labels are bounded; no key, user or request id in any. */
import { conventionalFamilies } from './conventional-names.js';

const latencySeconds = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160, 320, 640];
const firstTokenSeconds = [0.05, 0.1, 0.25, 0.5, 0.75, 1, 2, 3, 5, 8, 13, 21, 34, 55, 120];
const overheadSeconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5];
const busSeconds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5];
const insertSeconds = [0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** Powers of 4, up to the longest prompts that models take. */
const tokenCounts = [4, 16, 64, 256, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576];
const tokensPerSecond = [1, 2, 5, 10, 20, 30, 45, 60, 90, 130, 200, 400];

const counter = <L extends string>(help: string, labels: readonly L[]) => ({ kind: 'counter', help, labels }) as const;
const gauge = <L extends string>(help: string, labels: readonly L[]) => ({ kind: 'gauge', help, labels }) as const;
const histogram = <L extends string>(help: string, labels: readonly L[], buckets: readonly number[]) =>
  ({ kind: 'histogram', help, labels, buckets }) as const;
/** Its buckets point to a trace each, in OpenMetrics. */
const withExemplars = <H extends object>(family: H) => ({ ...family, exemplars: true }) as const;

export const metricFamilies = {
  ...conventionalFamilies,
  signalbox_requests_total: counter('Finished requests', ['route', 'model', 'provider', 'outcome', 'stream']),
  signalbox_request_duration_seconds: withExemplars(
    histogram('From request to the last byte', ['route', 'model', 'outcome'], latencySeconds),
  ),
  signalbox_time_to_first_token_seconds: withExemplars(
    histogram('From request to the first content', ['model', 'provider'], firstTokenSeconds),
  ),
  signalbox_overhead_seconds: histogram(
    'What the gateway itself adds, by stage: auth, route, limits, bus, other',
    ['stage'],
    overheadSeconds,
  ),
  signalbox_inflight_requests: gauge('Requests being served', ['route']),
  signalbox_open_streams: gauge('Streams being served', ['route']),
  signalbox_client_disconnects_total: counter('Clients that went away', ['model', 'phase']),
  signalbox_rejections_total: counter('Requests refused before routing', ['reason']),
  signalbox_tokens_total: counter('Tokens by kind', ['model', 'provider', 'type']),
  signalbox_cost_usd_total: counter('Spend in USD', ['model', 'provider']),
  signalbox_output_tokens_per_second: histogram('Generation speed', ['model', 'backend'], tokensPerSecond),
  signalbox_finish_reasons_total: counter(
    'Attempts that ended a request, by why: stop, length, tool_calls, content_filter, error, other',
    ['model', 'finish_reason'],
  ),
  signalbox_prompt_tokens: histogram('Tokens of the prompt of an answer', ['model'], tokenCounts),
  signalbox_answer_tokens: histogram('Tokens of an answer', ['model'], tokenCounts),
  signalbox_attempts_total: counter('Tries against backends', ['backend', 'model', 'outcome', 'error_type']),
  signalbox_fallbacks_total: counter('Moves to another model', ['from_model', 'to_model', 'reason']),
  signalbox_backend_up: gauge('1 if the backend is healthy', ['backend', 'provider']),
  signalbox_backend_probe_duration_seconds: histogram('Probes of backends', ['backend'], busSeconds),
  signalbox_backend_circuit_state: gauge('0 closed, 1 half open, 2 open', ['backend']),
  signalbox_account_problems_total: counter('Times that a provider refused an account: refused, no-credit', [
    'backend',
    'problem',
  ]),
  signalbox_backend_inflight: gauge('Requests running on a backend', ['backend']),
  signalbox_backend_queue_depth: gauge('Requests waiting for a backend', ['backend']),
  signalbox_backend_expected_wait_seconds: gauge('Expected wait of one more request for a loaded model', ['backend']),
  signalbox_backend_loaded_model_bytes: gauge('Memory of loaded models', ['backend', 'model', 'memory']),
  signalbox_model_load_seconds: histogram('Loading of models', ['backend', 'model'], latencySeconds),
  signalbox_model_swaps_total: counter('Loads that displaced another model', ['backend']),
  signalbox_queue_wait_seconds: histogram('Waiting in the queue of a host', ['backend'], latencySeconds),
  signalbox_budget_limit_usd: gauge('Limit of a budget', ['scope', 'budget']),
  signalbox_budget_spent_usd: gauge('Spent of a budget', ['scope', 'budget']),
  signalbox_budget_used_ratio: gauge('Used share of a budget', ['scope', 'budget']),
  signalbox_budget_reset_timestamp_seconds: gauge('When a budget is renewed', ['scope', 'budget']),
  signalbox_budget_reservation_error_nanodollars_total: counter('Cost above the reservation', ['model']),
  signalbox_usage_events_total: counter('Usage events by result', ['result']),
  signalbox_usage_pending: gauge('Usage events not yet posted', []),
  signalbox_usage_consumer_messages: gauge(
    'The same by state: pending (given to no accounting), ack_pending (not acknowledged), redelivered (given again)',
    ['state'],
  ),
  signalbox_usage_oldest_pending_seconds: gauge('Age of the oldest usage event not yet posted, 0 without one', []),
  signalbox_usage_stream_used_ratio: gauge('Used share of what the stream of usage may take', []),
  signalbox_usage_stream_bytes: gauge('Bytes in the stream of usage', []),
  signalbox_usage_stream_limit_bytes: gauge('Bytes that the stream of usage may take; absent without a limit', []),
  signalbox_usage_spooled: gauge('Usage events on disk, not yet acknowledged', []),
  signalbox_bus_request_duration_seconds: histogram('Requests over the bus', ['subject'], busSeconds),
  signalbox_bus_errors_total: counter('Failed requests over the bus', ['subject', 'error_type']),
  signalbox_bus_connected: gauge('1 if the bus is connected', []),
  signalbox_db_connected: gauge('1 if the database answers', []),
  signalbox_db_pool_connections: gauge('Connections to the database: idle, used; waiting: work without one', ['state']),
  signalbox_usage_insert_duration_seconds: histogram('Posting a batch of usage to the ledger', [], insertSeconds),
  signalbox_config_info: gauge('Revision of the config in force', ['revision']),
  signalbox_config_reload_success_timestamp_seconds: gauge('Last accepted config', []),
  signalbox_config_reload_failures_total: counter('Refused configs', []),
  signalbox_cache_requests_total: counter('Requests that asked the response cache: hit, miss, bypass, error', [
    'result',
  ]),
  signalbox_cache_writes_total: counter('Answers for the response cache: stored, skipped, error', ['result']),
  signalbox_trace_spans_dropped_total: counter(
    'Spans of traces that were not exported: queue_full (more than the exporter keeps up with), export_failed',
    ['reason'],
  ),
  signalbox_build_info: gauge('Version, and the commit it was built from where that is known', [
    'service',
    'version',
    'commit',
  ]),
} as const;

type Families = typeof metricFamilies;
type NamesOf<Kind extends string> = {
  [Name in keyof Families]: Families[Name] extends { kind: Kind } ? Name : never;
}[keyof Families];

export type CounterName = NamesOf<'counter'>;
export type GaugeName = NamesOf<'gauge'>;
export type HistogramName = NamesOf<'histogram'>;
