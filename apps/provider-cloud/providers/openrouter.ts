/** OpenRouter: OpenAI's layout, and the name under which the gateway shows in its statistics. */
import { openAiLike, type CloudProvider } from './provider.js';

export const openrouter: CloudProvider = {
  url: openAiLike.url,
  headers: (backend, key) => ({ ...openAiLike.headers(backend, key), 'x-title': 'Signalbox' }),
};
