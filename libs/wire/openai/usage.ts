/** Token counts as OpenAI's clients read them. */
import type { UpstreamUsage } from '../neutral/stream-event.js';

/** `usage` of chat and legacy completions. `cost` (USD, OpenRouter's field) is there where the provider said one. */
export function openAiUsage(usage: UpstreamUsage): object {
  return {
    prompt_tokens: usage.inputTokens,
    completion_tokens: usage.outputTokens,
    total_tokens: usage.inputTokens + usage.outputTokens,
    prompt_tokens_details: { cached_tokens: usage.cachedInputTokens, cache_write_tokens: usage.cacheWriteTokens },
    completion_tokens_details: { reasoning_tokens: usage.reasoningTokens },
    ...(usage.costUsd === null ? {} : { cost: usage.costUsd }),
  };
}
