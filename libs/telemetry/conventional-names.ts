/**
 * The metrics of the GenAI conventions v1.41.0, as Prometheus names them, with the buckets that the conventions prescribe.
 * A gateway is a server to its callers and a client of its backends. Only where the config asks: `signalbox.metrics_semconv`.
 */

/** 0.01 doubled thirteen times. */
const durationSeconds = Array.from({ length: 14 }, (_none, power) => 2 ** power / 100);
/** Powers of 4 up to 67,108,864. */
const tokenCounts = Array.from({ length: 14 }, (_none, power) => 4 ** power);
const firstSeconds = [0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
const pieceSeconds = [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5];

const asked = ['gen_ai_operation_name', 'gen_ai_provider_name', 'gen_ai_request_model'] as const;
const answered = [...asked, 'gen_ai_response_model'] as const;

const histogram = <L extends string>(help: string, labels: readonly L[], buckets: readonly number[]) =>
  ({ kind: 'histogram', help, labels, buckets }) as const;

export const conventionalFamilies = {
  gen_ai_server_request_duration_seconds: histogram(
    'From request to the last byte, as its caller sees it',
    [...answered, 'error_type'],
    durationSeconds,
  ),
  gen_ai_server_time_to_first_token_seconds: histogram('From request to the first content', answered, firstSeconds),
  gen_ai_server_time_per_output_token_seconds: histogram(
    'For each token of a stream after the first',
    answered,
    pieceSeconds,
  ),
  gen_ai_client_operation_duration_seconds: histogram(
    'Of one attempt at a backend',
    [...answered, 'error_type'],
    durationSeconds,
  ),
  gen_ai_client_token_usage: histogram(
    'Tokens of one attempt at a backend',
    [...answered, 'gen_ai_token_type'],
    tokenCounts,
  ),
  gen_ai_client_operation_time_to_first_chunk_seconds: histogram(
    'From the attempt to the first content of a stream',
    answered,
    firstSeconds,
  ),
  gen_ai_client_operation_time_per_output_chunk_seconds: histogram(
    'Between pieces of content of a stream',
    asked,
    pieceSeconds,
  ),
} as const;
