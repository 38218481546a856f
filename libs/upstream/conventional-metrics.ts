/** What an attempt adds to the metrics of the GenAI conventions, where the gateway is the client of a backend. */
import { operationNames, type InferOpen, type TokenUsage } from '#contracts';
import type { Metrics } from '#telemetry';
import type { PumpedAnswer } from './answer-pump.js';

export class ClientConventions {
  private readonly asked: Readonly<
    Record<'gen_ai_operation_name' | 'gen_ai_provider_name' | 'gen_ai_request_model', string>
  >;

  constructor(
    private readonly metrics: Pick<Metrics, 'observe'>,
    private readonly open: InferOpen,
  ) {
    this.asked = {
      gen_ai_operation_name: operationNames[open.dialect],
      gen_ai_provider_name: open.attempt.backend.provider,
      gen_ai_request_model: open.attempt.upstreamModel,
    };
  }

  /** A piece of content came so long after the one before. */
  chunk(milliseconds: number): void {
    if (!this.open.stream) return;
    this.metrics.observe(
      'gen_ai_client_operation_time_per_output_chunk_seconds',
      { ...this.asked },
      milliseconds / 1_000,
    );
  }

  /** The attempt is over; one that its client left has no error. Times are monotonic milliseconds. */
  finished(answer: PumpedAnswer, usage: TokenUsage, times: { startedAt: number; endedAt: number }): void {
    const { metrics } = this;
    const labels = { ...this.asked, gen_ai_response_model: answer.upstreamModel ?? '' };
    metrics.observe(
      'gen_ai_client_operation_duration_seconds',
      { ...labels, error_type: answer.failure?.code ?? '' },
      (times.endedAt - times.startedAt) / 1_000,
    );
    if (this.open.stream && answer.firstContentAt !== null)
      metrics.observe(
        'gen_ai_client_operation_time_to_first_chunk_seconds',
        labels,
        (answer.firstContentAt - times.startedAt) / 1_000,
      );
    const tokens = { input: usage.inputTokens, output: usage.outputTokens };
    for (const [type, count] of Object.entries(tokens))
      if (count > 0) metrics.observe('gen_ai_client_token_usage', { ...labels, gen_ai_token_type: type }, count);
  }
}
