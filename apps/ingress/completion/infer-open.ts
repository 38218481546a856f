/** The message that opens a worker's stream. Pure. */
import {
  attemptIdOf,
  type Attempt,
  type ClientDialect,
  type InferOpen,
  type Payer,
  type Priority,
  type RequestId,
  type TraceContent,
} from '#contracts';
import type { AnswerSettings } from '#wire';

export interface OpeningFacts {
  readonly requestId: RequestId;
  readonly receivedAt: string;
  readonly dialect: ClientDialect;
  readonly stream: boolean;
  readonly includeUsage: boolean;
  readonly model: string;
  readonly requestKind: InferOpen['requestKind'];
  readonly request: unknown;
  readonly payer: Payer;
  readonly priority: Priority;
  readonly maxWaitMs: number | null;
  readonly deadlineMs: number;
  readonly inputTokens: number;
  /** Output tokens that were reserved for: sent as the cap where the client named none. */
  readonly outputCap: number | null;
  readonly dropParams: boolean;
  readonly omit: readonly string[];
  /** The finished answer is wanted for the response cache. */
  readonly keepAnswer: boolean;
  readonly answerSettings: AnswerSettings | undefined;
  /** Prompt and answer are wanted in the trace. */
  readonly traceContent: TraceContent | undefined;
}

/** The opening of try number `index`. */
export function inferOpenOf(facts: OpeningFacts, attempt: Attempt, index: number): InferOpen {
  const { outputCap, dropParams, omit, request, answerSettings, traceContent, ...rest } = facts;
  return {
    v: 1,
    ...rest,
    ...(answerSettings === undefined ? {} : { answerSettings }),
    ...(traceContent === undefined ? {} : { traceContent }),
    attemptId: attemptIdOf(facts.requestId, index),
    attempt: {
      ...attempt,
      dropParams: attempt.dropParams || dropParams,
      additionalDropParams:
        omit.length === 0 ? attempt.additionalDropParams : [...attempt.additionalDropParams, ...omit],
    },
    request: outputCap === null ? request : withOutputCap(request, outputCap),
  };
}

/** What was reserved is the most that may come back. */
function withOutputCap(request: unknown, cap: number): unknown {
  if (typeof request !== 'object' || request === null) return request;
  const own = 'maxTokens' in request && typeof request.maxTokens === 'number' ? request.maxTokens : null;
  return { ...request, maxTokens: own === null ? cap : Math.min(own, cap) };
}
