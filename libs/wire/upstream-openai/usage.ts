/** `usage` of OpenAI-compatible answers. */
import type { UpstreamUsage } from '../neutral/stream-event.js';
import { countOf, isRecord, numberOf, recordOf } from '../upstream/loose-json.js';

/** The counts, or null where there are none (aborted streams, upstreams that do not count). */
export function readUsage(value: unknown): UpstreamUsage | null {
  if (!isRecord(value)) return null;
  const inputTokens = countOf(value['prompt_tokens'] ?? value['input_tokens']);
  const said = countOf(value['completion_tokens'] ?? value['output_tokens']);
  const inputDetails = recordOf(value['prompt_tokens_details'] ?? value['input_tokens_details']);
  const outputDetails = recordOf(value['completion_tokens_details'] ?? value['output_tokens_details']);
  return {
    inputTokens,
    // xAI and Gemini leave the thinking out of completion_tokens, and only the total tells.
    outputTokens: Math.max(said, countOf(value['total_tokens']) - inputTokens),
    // DeepSeek has a name of its own.
    cachedInputTokens: countOf(inputDetails['cached_tokens'] ?? value['prompt_cache_hit_tokens']),
    cacheWriteTokens: countOf(inputDetails['cache_write_tokens']),
    reasoningTokens: countOf(outputDetails['reasoning_tokens']),
    costUsd: costOf(value),
  };
}

/** OpenRouter's `cost`; with the operator's own provider key (`is_byok`) it is only the fee, and the provider's bill comes on top. */
function costOf(usage: Record<string, unknown>): number | null {
  const cost = numberOf(usage['cost']) ?? numberOf(recordOf(usage['cost'])['total_cost']);
  if (cost === null) return null;
  if (usage['is_byok'] !== true) return cost;
  return cost + (numberOf(recordOf(usage['cost_details'])['upstream_inference_cost']) ?? 0);
}
