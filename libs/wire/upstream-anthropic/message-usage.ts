/** Counts of an Anthropic message, which come in parts: with its start and with its end. */
import type { BilledUnits } from '../neutral/chat-request.js';
import type { UpstreamUsage } from '../neutral/stream-event.js';
import { countOf, numberOf, recordOf } from '../upstream/loose-json.js';

const names = ['input_tokens', 'output_tokens', 'cache_creation_input_tokens', 'cache_read_input_tokens'] as const;

export class MessageUsage {
  readonly #tokens = new Map<string, number>();
  readonly #serverTools = new Map<string, number>();
  #thinkingTokens = 0;
  #cacheWriteHourTokens = 0;

  /** The last one seen of each count holds. */
  read(value: unknown): void {
    const usage = recordOf(value);
    for (const name of names) {
      if (numberOf(usage[name]) !== null) this.#tokens.set(name, countOf(usage[name]));
    }
    for (const [name, count] of Object.entries(recordOf(usage['server_tool_use']))) {
      if (numberOf(count) !== null) this.#serverTools.set(name, countOf(count));
    }
    const forAnHour = numberOf(recordOf(usage['cache_creation'])['ephemeral_1h_input_tokens']);
    if (forAnHour !== null) this.#cacheWriteHourTokens = countOf(forAnHour);
    const thinking = numberOf(recordOf(usage['output_tokens_details'])['thinking_tokens']);
    if (thinking !== null) this.#thinkingTokens = countOf(thinking);
  }

  /** Null where nothing was counted. Anthropic's input_tokens leave out what was read from and written to the cache; ours include both. */
  report(): UpstreamUsage | null {
    if (this.#tokens.size === 0) return null;
    const count = (name: (typeof names)[number]) => this.#tokens.get(name) ?? 0;
    const cacheWriteTokens = count('cache_creation_input_tokens');
    const cachedInputTokens = count('cache_read_input_tokens');
    return {
      inputTokens: count('input_tokens') + cacheWriteTokens + cachedInputTokens,
      outputTokens: count('output_tokens'),
      cachedInputTokens,
      cacheWriteTokens,
      reasoningTokens: this.#thinkingTokens,
      costUsd: null,
      ...(this.#serverTools.size === 0 ? {} : { serverTools: Object.fromEntries(this.#serverTools) }),
      ...this.#units(),
    };
  }

  /** What is billed beside tokens, or at another price than other tokens of its kind. */
  #units(): { units?: BilledUnits } {
    const webSearches = this.#serverTools.get('web_search_requests') ?? 0;
    const cacheWriteHourTokens = this.#cacheWriteHourTokens;
    return webSearches + cacheWriteHourTokens === 0 ? {} : { units: { webSearches, cacheWriteHourTokens } };
  }
}
