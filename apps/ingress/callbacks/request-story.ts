/** What a callback is told of a finished request, and how it is written for each kind of backend. Pure. */
import type { CallbackTarget } from '#config';
import type { TokenUsage } from '#contracts';
import { genAi } from '#telemetry';

type Attribute = string | number | boolean | string[];
type CallbackFlavour = CallbackTarget['flavour'];
type Attributes = Record<string, Attribute>;

export interface AttemptStory {
  readonly provider: string;
  readonly upstreamModel: string;
  readonly backendId: string;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  readonly endedAt: number;
  readonly firstContentAt: number | null;
  readonly usage: TokenUsage | null;
  readonly costUsd: number | null;
  readonly finishReason: string | null;
  readonly errorCode: string | null;
}

export interface RequestStory {
  readonly requestId: string;
  /** 32 hex digits. */
  readonly traceId: string | null;
  readonly endpoint: string;
  readonly operation: 'chat' | 'text_completion' | 'embeddings';
  readonly model: string;
  readonly stream: boolean;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly errorCode: string | null;
  readonly key: { readonly id: string; readonly alias: string | null };
  readonly team: { readonly id: string | null; readonly alias: string | null };
  /** The end user as the client names it, else the key's. */
  readonly user: string | null;
  readonly tags: readonly string[];
  /** As the client sent it. */
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly parameters: Readonly<Record<string, unknown>>;
  /** JSON; null where the key does not allow it. */
  readonly input: string | null;
  readonly output: string | null;
  readonly attempts: readonly AttemptStory[];
}

/** Longest text of a prompt or an answer, characters. */
const longestContent = 64 * 1024;
const longestValue = 1_024;
/** Metadata that says who and what, and so becomes a field of its own (LiteLLM's names). */
const named = new Set([
  'trace_id',
  'trace_name',
  'session_id',
  'trace_user_id',
  'generation_name',
  'tags',
  'trace_metadata',
]);

/** The name of the whole. */
export function requestName(story: RequestStory): string {
  return textIn(story.metadata, 'trace_name') ?? `${story.operation} ${story.model}`;
}

export function attemptName(story: RequestStory, attempt: AttemptStory): string {
  return textIn(story.metadata, 'generation_name') ?? `${story.operation} ${attempt.upstreamModel}`;
}

/** Attributes of the request's span. */
export function requestAttributes(story: RequestStory, flavour: CallbackFlavour): Attributes {
  const session = textIn(story.metadata, 'session_id');
  const user = textIn(story.metadata, 'trace_user_id') ?? story.user;
  const facts: Attributes = {
    'gateway.request_id': story.requestId,
    'gateway.model.requested': story.model,
    'gateway.key.id': story.key.id,
    'gateway.stream': story.stream,
    'gateway.outcome': story.errorCode ?? 'success',
    ...(session === null ? {} : { 'session.id': session }),
    ...(user === null ? {} : { 'user.id': user }),
  };
  const metadata = metadataOf(story);
  switch (flavour) {
    case 'langfuse':
      return {
        ...facts,
        'langfuse.trace.name': requestName(story),
        ...(story.tags.length === 0 ? {} : { 'langfuse.trace.tags': [...story.tags] }),
        ...prefixed('langfuse.trace.metadata.', metadata),
        ...content(story, 'langfuse.trace.input', 'langfuse.trace.output'),
        ...level(story.errorCode),
      };
    case 'openinference':
      return {
        ...facts,
        'openinference.span.kind': 'CHAIN',
        metadata: JSON.stringify(metadata),
        ...(story.tags.length === 0 ? {} : { 'tag.tags': [...story.tags] }),
        ...content(story, 'input.value', 'output.value'),
      };
    case 'plain':
      return { ...facts, ...prefixed('gateway.metadata.', metadata) };
  }
}

/** Attributes of one attempt, which every backend counts as a generation. */
export function attemptAttributes(story: RequestStory, attempt: AttemptStory, flavour: CallbackFlavour): Attributes {
  const { usage } = attempt;
  const facts: Attributes = {
    [genAi.operationName]: story.operation,
    [genAi.providerName]: attempt.provider,
    [genAi.requestModel]: attempt.upstreamModel,
    [genAi.responseModel]: attempt.upstreamModel,
    'gateway.backend': attempt.backendId,
    ...(usage === null
      ? {}
      : {
          [genAi.inputTokens]: usage.inputTokens,
          [genAi.outputTokens]: usage.outputTokens,
          [genAi.cacheReadTokens]: usage.cachedInputTokens,
          [genAi.reasoningTokens]: usage.reasoningTokens,
        }),
    ...(attempt.costUsd === null ? {} : { [genAi.cost]: attempt.costUsd }),
    ...(attempt.finishReason === null ? {} : { [genAi.finishReasons]: [attempt.finishReason] }),
    ...(attempt.errorCode === null ? {} : { 'error.type': attempt.errorCode }),
  };
  switch (flavour) {
    case 'langfuse':
      return { ...facts, ...langfuseGeneration(story, attempt) };
    case 'openinference':
      return { ...facts, ...openInference(story, attempt) };
    case 'plain':
      return facts;
  }
}

function langfuseGeneration(story: RequestStory, attempt: AttemptStory): Attributes {
  const { usage } = attempt;
  const answered = attempt.errorCode === null;
  return {
    'langfuse.observation.type': 'generation',
    'langfuse.observation.model.name': attempt.upstreamModel,
    'langfuse.observation.model.parameters': JSON.stringify(story.parameters),
    ...(usage === null ? {} : { 'langfuse.observation.usage_details': JSON.stringify(usageDetails(usage)) }),
    ...(attempt.costUsd === null
      ? {}
      : { 'langfuse.observation.cost_details': JSON.stringify({ total: attempt.costUsd }) }),
    ...(attempt.firstContentAt === null
      ? {}
      : {
          'langfuse.observation.completion_start_time': JSON.stringify(new Date(attempt.firstContentAt).toISOString()),
        }),
    ...(answered ? content(story, 'langfuse.observation.input', 'langfuse.observation.output') : {}),
    ...level(attempt.errorCode),
  };
}

/** Langfuse adds these up, so what is a part of another is taken out of it. */
function usageDetails(usage: TokenUsage): Record<string, number> {
  const details: Record<string, number> = {
    input: Math.max(0, usage.inputTokens - usage.cachedInputTokens - usage.cacheWriteTokens),
    output: Math.max(0, usage.outputTokens - usage.reasoningTokens),
    total: usage.inputTokens + usage.outputTokens,
  };
  if (usage.cachedInputTokens > 0) details['input_cached_tokens'] = usage.cachedInputTokens;
  if (usage.cacheWriteTokens > 0) details['input_cache_creation'] = usage.cacheWriteTokens;
  if (usage.reasoningTokens > 0) details['output_reasoning_tokens'] = usage.reasoningTokens;
  return details;
}

function openInference(story: RequestStory, attempt: AttemptStory): Attributes {
  const { usage } = attempt;
  return {
    'openinference.span.kind': story.operation === 'embeddings' ? 'EMBEDDING' : 'LLM',
    'llm.model_name': attempt.upstreamModel,
    'llm.provider': attempt.provider,
    'llm.invocation_parameters': JSON.stringify(story.parameters),
    ...(usage === null
      ? {}
      : {
          'llm.token_count.prompt': usage.inputTokens,
          'llm.token_count.completion': usage.outputTokens,
          'llm.token_count.total': usage.inputTokens + usage.outputTokens,
        }),
    ...(attempt.errorCode === null ? content(story, 'input.value', 'output.value') : {}),
  };
}

function level(errorCode: string | null): Attributes {
  return errorCode === null
    ? {}
    : { 'langfuse.observation.level': 'ERROR', 'langfuse.observation.status_message': errorCode };
}

function content(story: RequestStory, input: string, output: string): Attributes {
  return {
    ...(story.input === null ? {} : { [input]: story.input.slice(0, longestContent) }),
    ...(story.output === null ? {} : { [output]: story.output.slice(0, longestContent) }),
  };
}

/** The client's metadata without what has a field of its own, and who paid. */
function metadataOf(story: RequestStory): Record<string, string> {
  const own = { ...story.metadata, ...recordIn(story.metadata, 'trace_metadata') };
  const kept = Object.entries(own)
    .filter(([name]) => !named.has(name))
    .slice(0, 32)
    .map(([name, value]) => [name.slice(0, 64), asText(value).slice(0, longestValue)]);
  return {
    ...Object.fromEntries(kept),
    request_id: story.requestId,
    user_api_key_hash: story.key.id,
    ...(story.key.alias === null ? {} : { user_api_key_alias: story.key.alias }),
    ...(story.team.id === null ? {} : { user_api_key_team_id: story.team.id }),
    ...(story.team.alias === null ? {} : { user_api_key_team_alias: story.team.alias }),
  };
}

function prefixed(prefix: string, entries: Readonly<Record<string, string>>): Attributes {
  return Object.fromEntries(Object.entries(entries).map(([name, value]) => [`${prefix}${name}`, value]));
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}

function textIn(metadata: Readonly<Record<string, unknown>>, name: string): string | null {
  const value = metadata[name];
  return typeof value === 'string' && value !== '' ? value.slice(0, 200) : null;
}

function recordIn(metadata: Readonly<Record<string, unknown>>, name: string): Record<string, unknown> {
  const value = metadata[name];
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}
