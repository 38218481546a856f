/** A finished request as a story for the callbacks. Pure: times are given. */
import type { AttemptState } from '../completion/attempt-run.client.js';
import type { CompletionJob } from '../completion/completion-runner.client.js';
import type { RequestStory } from './request-story.js';
import { endUserOf } from '../completion/request-overrides.js';

const operations = { chat: 'chat', completion: 'text_completion', embedding: 'embeddings', raw: 'chat' } as const;
/** Fields of a neutral request that are parameters and no content. */
const parameterNames = [
  'maxTokens',
  'temperature',
  'topP',
  'topK',
  'seed',
  'stop',
  'presencePenalty',
  'frequencyPenalty',
  'n',
];
const contentNames = ['messages', 'prompts', 'inputs'];

export interface StoryTimes {
  /** Epoch milliseconds and the monotonic milliseconds of the same moment. */
  readonly now: number;
  readonly monotonicNow: number;
}

export interface StoryEnding {
  readonly errorCode: string | null;
  /** The key allows prompts and answers to be told. */
  readonly content: boolean;
  readonly answer: string | null;
}

/** The story of a request, with its attempts in order. */
export function storyOf(
  job: CompletionJob,
  states: readonly AttemptState[],
  ending: StoryEnding,
  times: StoryTimes,
): RequestStory {
  const { key, gateway, scope } = job;
  const at = (monotonicMs: number) => times.now - (times.monotonicNow - monotonicMs);
  const request = new Map<string, unknown>(Object.entries(job.parsed.request));
  const picked = (names: readonly string[]) =>
    Object.fromEntries(
      names.filter((name) => request.get(name) !== undefined).map((name) => [name, request.get(name)]),
    );
  return {
    requestId: scope.requestId,
    traceId: scope.traceId,
    endpoint: job.dialect,
    operation: operations[job.parsed.kind],
    model: job.model,
    stream: job.stream,
    startedAt: at(scope.startedMs),
    endedAt: times.now,
    errorCode: ending.errorCode,
    key: { id: key.id, alias: key.alias },
    team: { id: key.teamId, alias: key.teamAlias },
    user: endUserOf(gateway, job.header) ?? key.userId,
    tags: [...new Set([...key.tags, ...gateway.tags])],
    metadata: gateway.metadata ?? {},
    parameters: picked(parameterNames),
    input: ending.content ? JSON.stringify(Object.values(picked(contentNames))[0] ?? null) : null,
    output: ending.content ? ending.answer : null,
    attempts: states.map((state, index) => ({
      provider: state.attempt.backend.provider,
      upstreamModel: state.attempt.upstreamModel,
      backendId: state.attempt.backend.id,
      startedAt: at(state.startedMs),
      endedAt: at(states[index + 1]?.startedMs ?? times.monotonicNow),
      firstContentAt: state.firstContentMs === null ? null : at(state.firstContentMs),
      usage: state.usage?.usage ?? null,
      costUsd: state.usage?.costNanoUsd == null ? null : state.usage.costNanoUsd / 1e9,
      finishReason: state.usage?.finishReason ?? null,
      errorCode: state.failure?.code ?? null,
    })),
  };
}
