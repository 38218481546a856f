/** Reads recorded exchanges, for tests: the request that was sent, and the bytes of the answer in their cuts. */
import { readFileSync, readdirSync } from 'node:fs';
import { z } from 'zod';
import type { StreamEvent } from '../neutral/stream-event.js';
import type { UpstreamDecoder } from '../upstream/decoder.js';

const Recording = z.object({
  name: z.string(),
  what: z.string(),
  request: z.object({ method: z.string(), path: z.string(), body: z.unknown().optional() }),
  response: z.object({
    status: z.number(),
    headers: z.record(z.string(), z.string()),
    chunks: z.array(z.object({ text: z.string().optional(), base64: z.string().optional() })).optional(),
    body: z.unknown().optional(),
  }),
});

export interface Recorded {
  readonly name: string;
  readonly path: string;
  readonly requestBody: unknown;
  readonly status: number;
  /** Reads from the socket; null where the answer was not streamed. */
  readonly chunks: readonly Uint8Array[] | null;
  /** The whole answer as text. */
  readonly bodyText: string;
}

const folder = new URL('ollama/', import.meta.url);

export function recording(name: string): Recorded {
  const { request, response } = Recording.parse(JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8')));
  const chunks = response.chunks?.map((chunk) =>
    chunk.base64 === undefined ? Buffer.from(chunk.text ?? '', 'utf8') : Buffer.from(chunk.base64, 'base64'),
  );
  const body = typeof response.body === 'string' ? response.body : (JSON.stringify(response.body) ?? '');
  return {
    name,
    path: request.path,
    requestBody: request.body,
    status: response.status,
    chunks: chunks ?? null,
    bodyText: chunks === undefined ? body : Buffer.concat(chunks).toString('utf8'),
  };
}

/** All recordings of one endpoint, by their path. */
export function recordingsOf(path: string): Recorded[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .map((file) => recording(file.slice(0, -'.json'.length)))
    .filter((recorded) => recorded.path === path);
}

export function drain(decoder: UpstreamDecoder, chunks: readonly Uint8Array[]): StreamEvent[] {
  return [...chunks.flatMap((chunk) => decoder.push(chunk)), ...decoder.end()];
}

/** The same bytes as they were read, in one piece, and byte by byte. */
export function cutsOf(chunks: readonly Uint8Array[]): readonly (readonly Uint8Array[])[] {
  const whole = Buffer.concat(chunks);
  return [chunks, [whole], Array.from(whole, (byte) => Uint8Array.of(byte))];
}

/** What a client would see: texts joined, calls put together, and how it ended. */
export function summary(events: readonly StreamEvent[]) {
  const calls: { id: string; name: string; arguments: string }[] = [];
  let text = '';
  let thinking = '';
  let logprobs = 0;
  for (const event of events) {
    if (event.type === 'text-delta') {
      text += event.text;
      logprobs += event.logprobs?.length ?? 0;
    }
    if (event.type === 'reasoning-delta') thinking += event.text;
    if (event.type === 'tool-call-start') calls[event.index] = { id: event.id, name: event.name, arguments: '' };
    const call = event.type === 'tool-call-delta' ? calls[event.index] : undefined;
    if (event.type === 'tool-call-delta' && call !== undefined) call.arguments += event.arguments;
  }
  const finish = events.find((event) => event.type === 'finish');
  const usage = events.find((event) => event.type === 'usage')?.usage;
  const last = events.at(-1);
  return {
    text,
    thinking,
    calls,
    logprobs,
    finish: finish?.reason ?? null,
    native: finish?.native ?? null,
    tokens: usage === undefined ? null : ([usage.inputTokens, usage.outputTokens] as const),
    ended: last?.type === 'failure' ? last.failure.code : (last?.type ?? null),
  };
}
