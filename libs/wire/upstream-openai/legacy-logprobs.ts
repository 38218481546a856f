/** Logprobs of legacy completions: parallel lists, and alternatives as maps. */
import type { TokenLogprob } from '../neutral/stream-event.js';
import { isRecord, listOf, numberOf, recordOf } from '../upstream/loose-json.js';

/** The tokens in the list form of chats; the bytes are not told. Newer upstreams send that form here too. */
export function readLegacyLogprobs(value: unknown): TokenLogprob[] {
  if (!isRecord(value)) return [];
  const logprobs = listOf(value['token_logprobs']);
  const alternatives = listOf(value['top_logprobs']);
  return listOf(value['tokens']).flatMap((token, index) => {
    if (typeof token !== 'string') return [];
    const top = Object.entries(recordOf(alternatives[index])).map(([other, logprob]) => ({
      token: other,
      logprob: numberOf(logprob) ?? 0,
      bytes: null,
    }));
    return [{ token, logprob: numberOf(logprobs[index]) ?? 0, bytes: null, top_logprobs: top }];
  });
}
