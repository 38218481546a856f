/** Logprobs in OpenAI's list form, which Ollama has taken over; fields that are missing are filled. */
import type { TokenLogprob } from '../neutral/stream-event.js';
import { isRecord, listOf, numberOf } from './loose-json.js';

type Alternative = TokenLogprob['top_logprobs'][number];

/** The tokens of a list of logprobs; empty for anything else. */
export function readLogprobs(value: unknown): TokenLogprob[] {
  return listOf(value).flatMap((item) => {
    const token = readToken(item);
    if (token === null || !isRecord(item)) return [];
    const top = listOf(item['top_logprobs']).flatMap((other) => readToken(other) ?? []);
    return [{ ...token, top_logprobs: top }];
  });
}

function readToken(value: unknown): Alternative | null {
  if (!isRecord(value) || typeof value['token'] !== 'string') return null;
  const bytes = value['bytes'];
  return {
    token: value['token'],
    logprob: numberOf(value['logprob']) ?? 0,
    bytes: Array.isArray(bytes) ? bytes.filter((byte) => typeof byte === 'number') : null,
  };
}
