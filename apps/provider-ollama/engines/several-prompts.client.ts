/** Legacy completions with several prompts, for engines that take one at a time: the earlier ones are asked first, and what they said goes in front of the last one's answer. */
import { callUpstream, UpstreamProblem, type CallParts } from '#upstream';
import type { StreamEvent, UpstreamDecoder, UpstreamFailure, UpstreamUsage } from '#wire';

export interface EarlierAnswers {
  readonly events: readonly StreamEvent[];
  readonly usage: UpstreamUsage | null;
  readonly failure: UpstreamFailure | null;
}

const maxErrorBytes = 64 * 1024;

/** Asks one after the other; stops at the first failure, with what was used until then. Never rejects. */
export async function askEarlierPrompts(calls: readonly CallParts[], signal: AbortSignal): Promise<EarlierAnswers> {
  const events: StreamEvent[] = [];
  let usage: UpstreamUsage | null = null;
  try {
    for (const call of calls) {
      for (const event of await answerOf(call, signal)) {
        if (event.type === 'failure') return { events, usage, failure: event.failure };
        if (event.type === 'usage') usage = addUsage(usage, event.usage);
        else if (event.type !== 'start' && event.type !== 'end' && event.type !== 'timing') events.push(event);
      }
    }
    return { events, usage, failure: null };
  } catch (error) {
    const problem =
      error instanceof UpstreamProblem ? error : new UpstreamProblem('upstream_timeout', 'did not answer in time');
    return { events, usage, failure: problem.failure };
  }
}

/** A decoder whose answer begins with the earlier ones and whose counts include theirs. */
export function continuedDecoder(decoder: UpstreamDecoder, earlier: EarlierAnswers): UpstreamDecoder {
  let begun = false;
  const take = (events: readonly StreamEvent[]): StreamEvent[] => {
    const summed = events.map((event): StreamEvent =>
      event.type === 'usage' ? { type: 'usage', usage: addUsage(earlier.usage, event.usage) } : event,
    );
    if (begun || summed.length === 0) return summed;
    begun = true;
    const startsAt = summed.findIndex((event) => event.type !== 'start');
    const at = startsAt < 0 ? summed.length : startsAt;
    return [...summed.slice(0, at), ...earlier.events, ...summed.slice(at)];
  };
  return { push: (bytes) => take(decoder.push(bytes)), end: () => take(decoder.end()) };
}

async function answerOf(call: CallParts, signal: AbortSignal): Promise<StreamEvent[]> {
  const response = await callUpstream({ ...call.request, signal });
  if (response.status < 200 || response.status >= 300) {
    const text = await response.text(maxErrorBytes);
    return [{ type: 'failure', failure: call.readError(response.status, response.headers, text) }];
  }
  const events: StreamEvent[] = [];
  for await (const bytes of response.body) events.push(...call.decoder.push(bytes));
  events.push(...call.decoder.end());
  return events;
}

function addUsage(before: UpstreamUsage | null, usage: UpstreamUsage): UpstreamUsage {
  if (before === null) return usage;
  return {
    inputTokens: before.inputTokens + usage.inputTokens,
    outputTokens: before.outputTokens + usage.outputTokens,
    cachedInputTokens: before.cachedInputTokens + usage.cachedInputTokens,
    cacheWriteTokens: before.cacheWriteTokens + usage.cacheWriteTokens,
    reasoningTokens: before.reasoningTokens + usage.reasoningTokens,
    costUsd: before.costUsd === null || usage.costUsd === null ? null : before.costUsd + usage.costUsd,
  };
}
