/**
 * Attributes of the inference span, by the GenAI conventions v1.41.0 (open-telemetry/semantic-conventions). The names are
 * a contract with users' dashboards, so they stand here and not in a dependency. Never any content.
 */
import type { InferOpen } from '#contracts';
import type { PumpedAnswer } from './answer-pump.js';

type Attributes = Record<string, string | number | boolean | string[]>;

const operations = { chat: 'chat', completion: 'text_completion', embedding: 'embeddings', raw: 'chat' } as const;

/** What is known before the call; samplers see it. */
export function inferenceAttributes(open: InferOpen): Attributes {
  const { attempt } = open;
  return {
    'gen_ai.operation.name': operations[open.requestKind],
    'gen_ai.provider.name': attempt.backend.provider,
    'gen_ai.request.model': attempt.upstreamModel,
    'gateway.model.alias': open.model,
    'gateway.backend': attempt.backend.id,
    'peer.service': attempt.backend.id,
    ...serverOf(attempt.backend.apiBase),
    ...(open.stream ? { 'gen_ai.request.stream': true } : {}),
  };
}

/** What is known after it. */
export function finishAttributes(answer: PumpedAnswer, startedAt: number): Attributes {
  const { usage } = answer;
  return {
    ...(usage === null
      ? {}
      : {
          'gen_ai.usage.input_tokens': usage.inputTokens,
          'gen_ai.usage.output_tokens': usage.outputTokens,
          'gen_ai.usage.cache_read.input_tokens': usage.cachedInputTokens,
          'gen_ai.usage.reasoning.output_tokens': usage.reasoningTokens,
        }),
    ...(answer.upstreamModel === null ? {} : { 'gen_ai.response.model': answer.upstreamModel }),
    ...(answer.finishReason === null ? {} : { 'gen_ai.response.finish_reasons': [answer.finishReason] }),
    ...(answer.firstContentAt === null
      ? {}
      : { 'gen_ai.response.time_to_first_chunk': (answer.firstContentAt - startedAt) / 1000 }),
    ...(answer.failure === null ? {} : { 'error.type': answer.failure.code }),
    ...(answer.cancelled ? { 'gateway.outcome': 'client_disconnected' } : {}),
  };
}

function serverOf(apiBase: string): Attributes {
  try {
    const url = new URL(apiBase);
    const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
    return { 'server.address': url.hostname, 'server.port': port };
  } catch {
    return {};
  }
}
