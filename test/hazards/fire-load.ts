/** Clients of all kinds at once: streams and whole answers, paid and free, some that leave early. */
import { randomBytes } from 'node:crypto';
import { mostOutputTokens, type MoneySuite } from './money-suite.js';

export interface Asked {
  /** Stands in the prompt and in `user`, so that it is in the upstream's log and in the row. */
  readonly marker: string;
  /** Which of the ingresses was asked, and when, in `performance.now()`. */
  readonly ingress: number;
  readonly fromMs: number;
  readonly toMs: number;
  readonly status: number | null;
  /** Tokens as the client was told them; null where it got no whole answer. */
  readonly told: { readonly prompt: number; readonly completion: number } | null;
}

export interface Load {
  /** In front of each marker: tells the tries of one process apart. */
  readonly name: string;
  /** All that was asked so far and has ended. */
  readonly asked: readonly Asked[];
  /** Asks no more; resolves once everything has ended. */
  stop(): Promise<void>;
}

const longestMs = 30_000;

/** Starts `clients` clients that ask one request after the other, each with one of the keys on one of the ingresses. */
export function startLoad(money: MoneySuite, keys: readonly string[], clients: number): Load {
  const name = `m${randomBytes(4).toString('hex')}-`;
  const asked: Asked[] = [];
  const state = { isOver: false, number: 0 };
  const loop = async () => {
    while (!state.isOver) {
      state.number += 1;
      asked.push(await askOnce(money, keys, `${name}${state.number}.`));
    }
  };
  const loops = Array.from({ length: clients }, loop);
  return {
    name,
    asked,
    async stop() {
      state.isOver = true;
      await Promise.all(loops);
    },
  };
}

async function askOnce(money: MoneySuite, keys: readonly string[], marker: string): Promise<Asked> {
  const { random, ingressUrls } = money;
  const pick = <T>(from: readonly T[]): T | undefined => from[Math.floor(random() * from.length)];
  const stream = random() < 0.5;
  const leaves = random() < 0.1 ? AbortSignal.timeout(Math.floor(random() * 250)) : null;
  const tooLong = AbortSignal.timeout(longestMs);
  const ingress = Math.floor(random() * ingressUrls.length);
  const fromMs = performance.now();
  const ended = (status: number | null, told: Asked['told']) => ({
    marker,
    ingress,
    fromMs,
    toMs: performance.now(),
    status,
    told,
  });
  try {
    const response = await fetch(`${ingressUrls[ingress] ?? ''}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${pick(keys) ?? ''}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        model: random() < 0.7 ? 'paid' : 'free',
        stream,
        ...(stream ? { stream_options: { include_usage: true } } : {}),
        max_tokens: mostOutputTokens,
        user: marker,
        messages: [{ role: 'user', content: `Is the line clear? ${marker}` }],
      }),
      signal: leaves === null ? tooLong : AbortSignal.any([leaves, tooLong]),
    });
    const text = await response.text();
    return ended(response.status, response.ok ? toldUsage(text) : null);
  } catch {
    // The client left, or its ingress was killed. Nobody may wait for longer than that.
    if (tooLong.aborted) throw new Error(`request ${marker} hung`);
    return ended(null, null);
  }
}

/** The usage of a whole answer, or of a stream that ended well. */
function toldUsage(text: string): Asked['told'] {
  const isStream = text.startsWith('data:') || text.startsWith(':');
  if (isStream && !text.includes('data: [DONE]')) return null;
  const found = /"usage":\{[^{}]*?"prompt_tokens":(\d+),"completion_tokens":(\d+)/.exec(text);
  return found === null ? null : { prompt: Number(found[1]), completion: Number(found[2]) };
}
