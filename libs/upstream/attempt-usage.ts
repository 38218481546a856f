/** What an attempt used and cost, from what the upstream said and what was seen. Pure. */
import { cloudEquivalentOf, costOfUsage } from './cost.js';
import type { InferOpen, TokenUsage, UsageCloseEvent, UsageNotice } from '#contracts';
import { countedUnits, RawRequest, type BilledUnits } from '#wire';
import type { PumpedAnswer } from './answer-pump.js';

/** Characters per token of the counted fallback: English prose. Only used where an upstream reports nothing. */
const charactersPerToken = 4;

/** What of an answer says how much was used. */
export type Answered = Pick<
  PumpedAnswer,
  'asked' | 'cancelled' | 'failure' | 'finishReason' | 'outputCharacters' | 'usage'
>;

export interface AttemptTimes {
  /** Monotonic milliseconds. */
  readonly startedAt: number;
  readonly endedAt: number;
  /** Waited in the host's queue. */
  readonly queuedMs: number | null;
}

export interface AttemptAccount {
  readonly notice: UsageNotice;
  readonly close: Pick<
    UsageCloseEvent,
    | 'usage'
    | 'costNanoUsd'
    | 'costSource'
    | 'cloudEquivalentNanoUsd'
    | 'durationMs'
    | 'queuedMs'
    | 'firstTokenMs'
    | 'tokensPerSecond'
    | 'contextUsedPercent'
    | 'finishReason'
  >;
}

/** Tokens, cost and speed of an attempt. `savingsReference` names the cloud model that local tokens are compared with. */
export function accountFor(
  open: InferOpen,
  answer: PumpedAnswer,
  times: AttemptTimes,
  savingsReference: string,
): AttemptAccount {
  const usage = usedTokens(open.inputTokens, answer);
  const units = answer.usage?.units ?? unitsSeen(open, answer);
  const cost = costOfUsage(usage, open.attempt.price, answer.usage?.costUsd ?? null, units);
  const firstTokenMs = answer.firstContentAt === null ? null : answer.firstContentAt - times.startedAt;
  const durationMs = times.endedAt - times.startedAt;
  const tokensPerSecond = speedOf(usage.outputTokens, answer);
  const { maxInputTokens } = open.attempt;
  const contextUsedPercent =
    maxInputTokens === null ? null : ((usage.inputTokens + usage.outputTokens) / maxInputTokens) * 100;
  const measured = {
    durationMs,
    firstTokenMs: open.stream ? firstTokenMs : null,
    tokensPerSecond,
    finishReason: answer.finishReason,
  };
  return {
    notice: {
      ...measured,
      usage,
      costNanoUsd: cost.nanoUsd,
      costSource: cost.source,
      upstreamModel: answer.upstreamModel,
      loadMs: answer.loadMs,
      durable: false,
    },
    close: {
      ...measured,
      usage,
      costNanoUsd: cost.nanoUsd,
      costSource: cost.source,
      cloudEquivalentNanoUsd: open.attempt.kind === 'local' ? cloudEquivalentOf(usage, savingsReference) : null,
      queuedMs: times.queuedMs,
      contextUsedPercent,
    },
  };
}

/**
 * The upstream's counts; without them, what was seen. One that was asked and left by its client has read the prompt, and
 * what it counted before it was stopped (Anthropic counts at the start) is no less than what was seen. An attempt that
 * failed before any output used nothing that we know of.
 */
export function usedTokens(estimatedInput: number, answer: Answered): TokenUsage {
  const { usage } = answer;
  const seenTokens = Math.ceil(answer.outputCharacters / charactersPerToken);
  if (usage !== null) {
    const { inputTokens, cachedInputTokens, cacheWriteTokens, reasoningTokens } = usage;
    const isPartial = answer.finishReason === null && (answer.cancelled || answer.failure !== null);
    const outputTokens = isPartial ? Math.max(usage.outputTokens, seenTokens) : usage.outputTokens;
    const isCounted = usage.counted === true || outputTokens !== usage.outputTokens;
    const source = isCounted ? 'counted' : 'upstream';
    return { inputTokens, cachedInputTokens, cacheWriteTokens, outputTokens, reasoningTokens, source };
  }
  const worked = answer.outputCharacters > 0 || (answer.cancelled ? answer.asked : answer.failure === null);
  return {
    inputTokens: worked ? estimatedInput : 0,
    cachedInputTokens: 0,
    cacheWriteTokens: 0,
    outputTokens: seenTokens,
    reasoningTokens: 0,
    source: 'counted',
  };
}

/** Tokens after the first, over the time between first and last; null where that says nothing. */
function speedOf(outputTokens: number, answer: PumpedAnswer): number | null {
  if (answer.firstContentAt === null || answer.lastContentAt === null || outputTokens < 2) return null;
  const seconds = (answer.lastContentAt - answer.firstContentAt) / 1000;
  return seconds <= 0 ? null : (outputTokens - 1) / seconds;
}

/** Units of an answer that broke off, or that nobody waited for: once the upstream worked, it charges for what was asked. */
function unitsSeen(open: InferOpen, answer: PumpedAnswer): BilledUnits | undefined {
  const worked = answer.firstContentAt !== null || (answer.cancelled && answer.asked);
  if (open.requestKind !== 'raw' || !worked) return undefined;
  const request = RawRequest.safeParse(open.request);
  return request.success ? countedUnits(request.data) : undefined;
}
