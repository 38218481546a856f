/** OpenAI's `web_search_options` as Anthropic's own search tool, as LiteLLM has it. */
import type { ChatRequest } from '../neutral/chat-request.js';
import { isRecord, recordOf, textOf } from '../upstream/loose-json.js';

/** Searches at most, by `search_context_size`. */
const uses: ReadonlyMap<string, number> = new Map([
  ['low', 1],
  ['medium', 5],
  ['high', 10],
]);

/** The request with the tool instead of the options; one that offers the tool already keeps it as it is. */
export function withWebSearch(request: ChatRequest): ChatRequest {
  const { web_search_options: options, ...extra } = request.extra ?? {};
  if (!isRecord(options)) return request;
  const { nativeTools = [] } = request;
  if (nativeTools.some((tool) => tool['name'] === 'web_search')) return { ...request, extra };
  const place = recordOf(recordOf(options['user_location'])['approximate']);
  const tool = {
    type: 'web_search_20250305',
    name: 'web_search',
    max_uses: uses.get(textOf(options['search_context_size']) ?? 'medium') ?? 5,
    ...(Object.keys(place).length === 0 ? {} : { user_location: { type: 'approximate', ...place } }),
  };
  return { ...request, extra, nativeTools: [...nativeTools, tool] };
}
