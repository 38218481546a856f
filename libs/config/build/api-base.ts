/** Base URLs as people write them, in the one form that the workers use. */
import type { Provider } from '../providers.js';

export type ApiBase =
  | { readonly kind: 'ok'; readonly url: string; readonly note: string | null }
  | { readonly kind: 'invalid'; readonly message: string };

/** Paths that people copy along with the base, by dialect. */
const endings: Readonly<Record<Provider['dialect'], RegExp>> = {
  ollama: /\/(api(\/(chat|generate|embed|embeddings|tags))?|v1(\/chat\/completions)?)$/,
  openai: /\/(chat\/completions|completions|embeddings)$/,
  anthropic: /\/v1(\/messages)?$/,
};

/** Local engines that serve OpenAI's API under /v1 only. */
const needsV1 = new Set(['lm_studio', 'llamafile', 'hosted_vllm']);

/** Checks and trims `api_base`; the note says what was changed. */
export function readApiBase(text: string, provider: Provider): ApiBase {
  if (!/^https?:\/\//i.test(text)) {
    return { kind: 'invalid', message: `must begin with http:// or https://; did you mean 'http://${text}'?` };
  }
  if (!URL.canParse(text)) return { kind: 'invalid', message: 'is not a URL' };
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') {
    return {
      kind: 'invalid',
      message: 'must hold no user or password; use api_key, or extra_headers with os.environ/NAME',
    };
  }
  if (url.search !== '' || url.hash !== '') return { kind: 'invalid', message: 'must hold no query (`?...`)' };
  const written = `${url.origin}${url.pathname}`.replace(/\/+$/, '');
  const trimmed = written.replace(endings[provider.dialect], '');
  const base = needsV1.has(provider.name) && new URL(trimmed).pathname === '/' ? `${trimmed}/v1` : trimmed;
  return { kind: 'ok', url: base, note: base === written ? null : `read as ${base}` };
}
