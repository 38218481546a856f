/** What a request adds to the metrics of the GenAI conventions: the gateway as a server. */
import { operationNames } from '#contracts';
import type { Metrics } from '#telemetry';
import type { CompletionJob } from '../completion/completion-runner.client.js';

export interface ServedRequest {
  readonly job: Pick<CompletionJob, 'dialect' | 'stream'>;
  /** As the config names it. */
  readonly model: string;
  readonly provider: string;
  /** As the backend names what answered; null where nobody said. */
  readonly answeredBy: string | null;
  /** null where nothing is broken: answered, or left by its client. */
  readonly errorType: string | null;
  readonly durationMs: number;
  /** null where no content came, and for kept answers, which no model made. */
  readonly firstContentMs: number | null;
  readonly outputTokens: number;
}

/** Counts it. */
export function countServed(metrics: Pick<Metrics, 'observe'>, request: ServedRequest): void {
  const { job, errorType, durationMs, firstContentMs, outputTokens } = request;
  const labels = {
    gen_ai_operation_name: operationNames[job.dialect],
    gen_ai_provider_name: request.provider,
    gen_ai_request_model: request.model,
    gen_ai_response_model: request.answeredBy ?? '',
  };
  metrics.observe(
    'gen_ai_server_request_duration_seconds',
    { ...labels, error_type: errorType ?? '' },
    durationMs / 1_000,
  );
  if (errorType !== null || firstContentMs === null) return;
  metrics.observe('gen_ai_server_time_to_first_token_seconds', labels, firstContentMs / 1_000);
  // The whole of an answer that comes in one piece is its first content.
  if (!job.stream || outputTokens < 2) return;
  const seconds = (durationMs - firstContentMs) / 1_000;
  metrics.observe('gen_ai_server_time_per_output_token_seconds', labels, seconds / (outputTokens - 1));
}
