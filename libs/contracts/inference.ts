/**
 * The token stream's contents: what opens it and what the typed frames carry. `libs/bus` moves the bytes and does not
 * look into them. Subjects: `infer.local.BACKEND` and `infer.cloud.BACKEND`.
 */
import { z } from 'zod';
import { AnswerSettings } from '#wire';
import { FailureScope } from './backend-state.js';
import { TraceContent } from './config-snapshot.js';
import { AttemptId, KeyId, RequestId, TeamId, UserId } from './ids.js';
import { Attempt } from './route.js';

/** The dialect the client spoke, and so the one the worker's `data` frames are encoded in. */
export const ClientDialect = z.enum([
  'openai-chat',
  'openai-completion',
  'openai-embedding',
  'openai-responses',
  'anthropic-messages',
  /** Endpoints that are passed through to OpenAI-compatible upstreams as they are. */
  'openai-rerank',
  'openai-transcription',
  'openai-speech',
  'openai-image',
  'openai-moderation',
]);
export type ClientDialect = z.infer<typeof ClientDialect>;

/** Who pays, copied into the usage event. */
export const Payer = z.object({
  keyId: KeyId.nullable(),
  keyAlias: z.string().nullable(),
  teamId: TeamId.nullable(),
  userId: UserId.nullable(),
  endUser: z.string().nullable(),
  tags: z.array(z.string()),
  /** Leases that hold the reservation of this attempt; nano-dollars. */
  leases: z.array(z.object({ id: z.string(), scope: z.string(), windowId: z.string() })),
  reservedNanoUsd: z.number().int().nonnegative(),
  /** The same in tokens, for budgets that count them. */
  reservedTokens: z.number().int().nonnegative().optional(),
});
export type Payer = z.infer<typeof Payer>;

export const Priority = z.enum(['interactive', 'normal', 'batch']);
export type Priority = z.infer<typeof Priority>;

/** Opens a token stream. `request` is one of libs/wire's neutral requests, by `requestKind`. */
export const InferOpen = z.object({
  v: z.literal(1),
  requestId: RequestId,
  attemptId: AttemptId,
  /** ISO time at which the request came in. */
  receivedAt: z.string(),
  dialect: ClientDialect,
  stream: z.boolean(),
  /** Whether the client asked for a usage chunk in its stream. */
  includeUsage: z.boolean(),
  /** The name the client asked for: what its answer shows as `model`. */
  model: z.string(),
  attempt: Attempt,
  requestKind: z.enum(['chat', 'completion', 'embedding', 'raw']),
  request: z.unknown(),
  payer: Payer,
  priority: Priority,
  /** Longest wait in a host's queue, milliseconds; null = the queue's own bound. */
  maxWaitMs: z.number().nonnegative().nullable(),
  /** Longest time for everything, milliseconds. */
  deadlineMs: z.number().positive(),
  /** Estimated prompt tokens, used where the upstream reports none. */
  inputTokens: z.number().int().nonnegative(),
  /** What of the request decides the form of the answer; absent = nothing special. */
  answerSettings: AnswerSettings.optional(),
  /** The ingress wants the finished answer in its neutral form too, for the response cache. */
  keepAnswer: z.boolean().optional(),
  /** The inference span shows prompt and answer; absent = it does not. */
  traceContent: TraceContent.optional(),
});
export type InferOpen = z.infer<typeof InferOpen>;

/** Body of a `queued` frame (JSON). */
export const QueuedNotice = z.object({
  position: z.number().int(),
  estimateMs: z.number().nullable(),
  reason: z.string().nullable(),
});
export type QueuedNotice = z.infer<typeof QueuedNotice>;

/** Body of an `accepted` frame (JSON): the worker calls upstream now. `loading`: the model is not in memory yet. */
export const AcceptedNotice = z.object({
  loading: z.boolean(),
  waitedMs: z.number(),
  /** Sent once more with it for endpoints that are passed through, when the upstream has answered: the content type of the bytes that follow. */
  contentType: z.string().optional(),
});
export type AcceptedNotice = z.infer<typeof AcceptedNotice>;

/** Tokens of one attempt, and where the numbers come from. */
export const TokenUsage = z.object({
  inputTokens: z.number().int().nonnegative(),
  cachedInputTokens: z.number().int().nonnegative(),
  cacheWriteTokens: z.number().int().nonnegative(),
  outputTokens: z.number().int().nonnegative(),
  reasoningTokens: z.number().int().nonnegative(),
  source: z.enum(['upstream', 'counted']),
});
export type TokenUsage = z.infer<typeof TokenUsage>;

/** Body of a `usage` frame (JSON), sent before `end` or `error`. */
export const UsageNotice = z.object({
  usage: TokenUsage,
  costNanoUsd: z.number().int().nonnegative().nullable(),
  costSource: z.enum(['provider', 'config', 'table', 'local', 'free', 'unknown']),
  upstreamModel: z.string().nullable(),
  finishReason: z.string().nullable(),
  firstTokenMs: z.number().nullable(),
  durationMs: z.number(),
  loadMs: z.number().nullable(),
  tokensPerSecond: z.number().nullable(),
  /** True once `usage.close` is stored; the ingress then frees its reservation. */
  durable: z.boolean(),
  /** The finished answer (libs/wire's StoredAnswer), once, where the opening asked for it and it is not too large. */
  answer: z.unknown().optional(),
});
export type UsageNotice = z.infer<typeof UsageNotice>;

/** Body of an `error` frame (JSON). */
export const StreamFailure = z.object({
  code: z.string(),
  details: z.record(z.string(), z.unknown()),
  /** Whether the deployment is to blame (cooldown, health) or the request itself. */
  blame: z.enum(['backend', 'request', 'gateway']),
  retryAfterMs: z.number().nonnegative().nullable(),
  /** What the failure takes out; absent where the upstream's answer does not say. */
  scope: FailureScope.optional(),
});
export type StreamFailure = z.infer<typeof StreamFailure>;

export const inferSubjects = { local: 'infer.local.{backend}', cloud: 'infer.cloud.{backend}' } as const;
