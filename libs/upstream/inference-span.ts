/**
 * Attributes of the inference span, by the GenAI conventions v1.41.0 (open-telemetry/semantic-conventions). The names are
 * a contract with users' dashboards, so they stand here and not in a dependency. Never any content.
 */
import type { InferOpen } from '#contracts';
import type { PumpedAnswer } from './answer-pump.js';

type Attributes = Record<string, string | number | boolean | string[]>;

/** Names of the conventions where they have one; for the rest the endpoint's own. */
const operations: Readonly<Record<InferOpen['dialect'], string>> = {
  'openai-chat': 'chat',
  'openai-responses': 'chat',
  'anthropic-messages': 'chat',
  'openai-completion': 'text_completion',
  'openai-embedding': 'embeddings',
  'openai-rerank': 'rerank',
  'openai-transcription': 'transcription',
  'openai-speech': 'speech',
  'openai-image': 'generate_content',
  'openai-moderation': 'moderation',
};

/** `chat qwen3:14b`. */
export function inferenceName(open: InferOpen): string {
  return `${operations[open.dialect]} ${open.attempt.upstreamModel}`;
}

/** What is known before the call; samplers see it. */
export function inferenceAttributes(open: InferOpen): Attributes {
  const { attempt } = open;
  return {
    'gen_ai.operation.name': operations[open.dialect],
    'gen_ai.provider.name': attempt.backend.provider,
    'gen_ai.request.model': attempt.upstreamModel,
    'gateway.model.alias': open.model,
    'gateway.backend': attempt.backend.id,
    'peer.service': attempt.backend.id,
    ...serverOf(attempt.backend.apiBase),
    ...(open.stream ? { 'gen_ai.request.stream': true } : {}),
    ...parameterAttributes(open.request),
  };
}

/** The parameters that the client sent, by the names of the neutral request. */
const parameters = {
  maxTokens: 'gen_ai.request.max_tokens',
  temperature: 'gen_ai.request.temperature',
  topP: 'gen_ai.request.top_p',
  topK: 'gen_ai.request.top_k',
  seed: 'gen_ai.request.seed',
  frequencyPenalty: 'gen_ai.request.frequency_penalty',
  presencePenalty: 'gen_ai.request.presence_penalty',
} as const;

function parameterAttributes(request: unknown): Attributes {
  if (typeof request !== 'object' || request === null) return {};
  const fields = new Map(Object.entries(request));
  const attributes: Attributes = {};
  for (const [field, name] of Object.entries(parameters)) {
    const value: unknown = fields.get(field);
    if (typeof value === 'number') attributes[name] = value;
  }
  const stop: unknown = fields.get('stop');
  if (Array.isArray(stop)) attributes['gen_ai.request.stop_sequences'] = stop.map(String);
  const choices: unknown = fields.get('n');
  if (typeof choices === 'number' && choices > 1) attributes['gen_ai.request.choice.count'] = choices;
  if (fields.get('responseFormat') !== undefined) attributes['gen_ai.output.type'] = 'json';
  return attributes;
}

/** What is known after it. */
export function finishAttributes(open: InferOpen, answer: PumpedAnswer, startedAt: number): Attributes {
  const { usage } = answer;
  return {
    ...(usage === null
      ? {}
      : {
          'gen_ai.usage.input_tokens': usage.inputTokens,
          'gen_ai.usage.output_tokens': usage.outputTokens,
          'gen_ai.usage.cache_read.input_tokens': usage.cachedInputTokens,
          'gen_ai.usage.cache_creation.input_tokens': usage.cacheWriteTokens,
          'gen_ai.usage.reasoning.output_tokens': usage.reasoningTokens,
        }),
    ...(answer.upstreamModel === null ? {} : { 'gen_ai.response.model': answer.upstreamModel }),
    ...(answer.responseId === null ? {} : { 'gen_ai.response.id': answer.responseId }),
    ...(answer.finishReason === null ? {} : { 'gen_ai.response.finish_reasons': [answer.finishReason] }),
    // An answer that comes whole has no first chunk.
    ...(answer.firstContentAt === null || !open.stream
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
