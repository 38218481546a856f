/** Entries for tests. */
import { BackendId, DeploymentId, type CachedAnswer } from '#contracts';
import type { StoredAnswer } from '#wire';

/** An answer that says `text`; fields of `more` win. */
export function storedText(text: string, more: Partial<StoredAnswer> = {}): StoredAnswer {
  return {
    choices: [
      {
        blocks: text === '' ? [] : [{ kind: 'text', text, logprobs: [] }],
        finish: 'stop',
        native: null,
        stopSequence: null,
        annotations: [],
      },
    ],
    usage: {
      inputTokens: 7,
      outputTokens: 5,
      cachedInputTokens: 0,
      cacheWriteTokens: 0,
      reasoningTokens: 0,
      costUsd: null,
    },
    upstreamModel: 'upstream-1',
    ...more,
  };
}

/** An entry made at 1,000,000 ms that lives for a second; fields of `more` win. */
export function entryOf(more: Partial<CachedAnswer> = {}): CachedAnswer {
  return {
    v: 1,
    storedAtMs: 1_000_000,
    expiresAtMs: 1_001_000,
    deploymentId: DeploymentId.parse('d1'),
    modelGroup: 'm',
    upstreamModel: 'upstream-1',
    backendId: BackendId.parse('b1'),
    provider: 'openai',
    settings: '',
    content: { kind: 'answer', answer: storedText('Hello.') },
    ...more,
  };
}
