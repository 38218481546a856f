/**
 * Attributes of the inference span, by the GenAI conventions that libs/telemetry/gen-ai.ts names. Never any content.
 */
import { operationNames, type InferOpen } from '#contracts';
import { genAi } from '#telemetry';
import type { PumpedAnswer } from './answer-pump.js';

type Attributes = Record<string, string | number | boolean | string[]>;

/** `chat qwen3:14b`. */
export function inferenceName(open: InferOpen): string {
  return `${operationNames[open.dialect]} ${open.attempt.upstreamModel}`;
}

/** What is known before the call; samplers see it. */
export function inferenceAttributes(open: InferOpen): Attributes {
  const { attempt } = open;
  return {
    [genAi.operationName]: operationNames[open.dialect],
    [genAi.providerName]: attempt.backend.provider,
    [genAi.requestModel]: attempt.upstreamModel,
    'gateway.model.alias': open.model,
    'gateway.backend': attempt.backend.id,
    'peer.service': attempt.backend.id,
    ...serverOf(attempt.backend.apiBase),
    ...(open.stream ? { [genAi.stream]: true } : {}),
    ...parameterAttributes(open.request),
  };
}

/** The parameters that the client sent, by the names of the neutral request. */
const parameters = {
  maxTokens: genAi.maxTokens,
  temperature: genAi.temperature,
  topP: genAi.topP,
  topK: genAi.topK,
  seed: genAi.seed,
  frequencyPenalty: genAi.frequencyPenalty,
  presencePenalty: genAi.presencePenalty,
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
  if (Array.isArray(stop)) attributes[genAi.stopSequences] = stop.map(String);
  const choices: unknown = fields.get('n');
  if (typeof choices === 'number' && choices > 1) attributes[genAi.choiceCount] = choices;
  if (fields.get('responseFormat') !== undefined) attributes[genAi.outputType] = 'json';
  return attributes;
}

/** What is known after it. */
export function finishAttributes(open: InferOpen, answer: PumpedAnswer, startedAt: number): Attributes {
  const { usage } = answer;
  return {
    ...(usage === null
      ? {}
      : {
          [genAi.inputTokens]: usage.inputTokens,
          [genAi.outputTokens]: usage.outputTokens,
          [genAi.cacheReadTokens]: usage.cachedInputTokens,
          [genAi.cacheCreationTokens]: usage.cacheWriteTokens,
          [genAi.reasoningTokens]: usage.reasoningTokens,
        }),
    ...(answer.upstreamModel === null ? {} : { [genAi.responseModel]: answer.upstreamModel }),
    ...(answer.responseId === null ? {} : { [genAi.responseId]: answer.responseId }),
    ...(answer.finishReason === null ? {} : { [genAi.finishReasons]: [answer.finishReason] }),
    // An answer that comes whole has no first chunk.
    ...(answer.firstContentAt === null || !open.stream
      ? {}
      : { [genAi.timeToFirstChunk]: (answer.firstContentAt - startedAt) / 1000 }),
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
