/** How a cloud is called: where its endpoints are, and how it wants its key. */
import type { Backend } from '#contracts';

export interface CloudProvider {
  /** URL of an endpoint (`chat/completions`, `models`) for a model. */
  readonly url: (backend: Backend, path: string, model: string) => string;
  readonly headers: (backend: Backend, key: string | null) => Record<string, string>;
}

export const bearer = (backend: Backend, key: string | null): Record<string, string> => ({
  ...(key === null ? {} : { authorization: `Bearer ${key}` }),
  ...(backend.organization === null ? {} : { 'openai-organization': backend.organization }),
});

/** OpenAI's own layout: endpoints below the base, the key as a bearer token. */
export const openAiLike: CloudProvider = { url: (backend, path) => `${backend.apiBase}/${path}`, headers: bearer };
