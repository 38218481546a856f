/** Made-up answers for the encoders' tests: legal sequences of events, and a `fetch` that serves what was encoded. */
import fc from 'fast-check';
import type { FinishReason, StreamEvent, UpstreamUsage } from '../neutral/stream-event.js';
import type { AnswerDialect, EncoderOptions } from './answer-encoder.js';
import { createEncoder } from './create-encoder.js';

export const options: EncoderOptions = {
  id: 'answer-1',
  created: 1_760_000_000,
  model: 'house/model',
  includeUsage: true,
  inputTokens: 7,
};

export const usage: UpstreamUsage = {
  inputTokens: 30,
  outputTokens: 12,
  cachedInputTokens: 10,
  cacheWriteTokens: 5,
  reasoningTokens: 4,
  costUsd: null,
};

/** What an answer says, independent of how it was cut into events. */
export interface MadeAnswer {
  readonly events: readonly StreamEvent[];
  readonly text: string;
  readonly thinking: string;
  readonly signatures: readonly string[];
  readonly calls: readonly { id: string; name: string; input: unknown }[];
  readonly reason: FinishReason;
}

type Piece =
  | { kind: 'text'; deltas: string[] }
  | { kind: 'thinking'; deltas: string[]; signature: string | null }
  | { kind: 'calls'; calls: { name: string; input: Record<string, unknown>; cut: number }[]; order: number[] };

const words = fc.array(fc.string({ unit: 'binary', minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 4 });
const piece: fc.Arbitrary<Piece> = fc.oneof(
  fc.record({ kind: fc.constant('text' as const), deltas: words }),
  fc.record({
    kind: fc.constant('thinking' as const),
    deltas: words,
    signature: fc.option(fc.base64String({ minLength: 4, maxLength: 12 })),
  }),
  fc.record({
    kind: fc.constant('calls' as const),
    calls: fc.array(
      fc.record({
        name: fc.constantFrom('get_weather', 'search', 'no_arguments'),
        input: fc.dictionary(fc.constantFrom('city', 'a b', 'π'), fc.oneof(fc.string(), fc.integer())),
        cut: fc.double({ min: 0, max: 1, noNaN: true }),
      }),
      { minLength: 1, maxLength: 3 },
    ),
    order: fc.array(fc.nat(2), { maxLength: 6 }),
  }),
);

/** Legal answers of one choice: text, thinking and calls in any order, calls interleaved, usage before or after the end. */
export const madeAnswer: fc.Arbitrary<MadeAnswer> = fc
  .record({
    pieces: fc.array(piece, { maxLength: 5 }),
    reason: fc.constantFrom<FinishReason>('stop', 'length', 'content_filter'),
    early: fc.boolean(),
  })
  .map(({ pieces, reason, early }) => makeAnswer(pieces, reason, early));

function makeAnswer(pieces: readonly Piece[], reason: FinishReason, earlyUsage: boolean): MadeAnswer {
  const events: StreamEvent[] = [{ type: 'start', id: 'upstream', model: 'm', created: 1 }];
  const calls: { id: string; name: string; input: unknown }[] = [];
  if (earlyUsage) events.push({ type: 'usage', usage: { ...usage, outputTokens: 1 } });
  for (const each of pieces) {
    if (each.kind === 'text') {
      events.push(...each.deltas.map((text) => ({ type: 'text-delta' as const, choice: 0, text })));
    } else if (each.kind === 'thinking') {
      events.push(...each.deltas.map((text) => ({ type: 'reasoning-delta' as const, choice: 0, text })));
      const { signature } = each;
      if (signature !== null) events.push({ type: 'reasoning-signature', choice: 0, signature });
    } else events.push(...callEvents(each, calls));
  }
  events.push({ type: 'finish', choice: 0, reason }, { type: 'usage', usage }, { type: 'end' });
  const texts = pieces.flatMap((each) => (each.kind === 'text' ? each.deltas : []));
  const thoughts = pieces.flatMap((each) => (each.kind === 'thinking' ? each.deltas : []));
  const signatures = pieces.flatMap((each) =>
    each.kind === 'thinking' && each.signature !== null ? [each.signature] : [],
  );
  return { events, text: texts.join(''), thinking: thoughts.join(''), signatures, calls, reason };
}

/** Starts every call, then gives out their arguments in two parts each, in the order that the piece says. */
function callEvents(
  group: Extract<Piece, { kind: 'calls' }>,
  calls: { id: string; name: string; input: unknown }[],
): StreamEvent[] {
  const first = calls.length;
  const queues = group.calls.map(({ name, input, cut }, offset) => {
    const index = first + offset;
    calls.push({ id: `call_${index}`, name, input });
    if (Object.keys(input).length === 0) return [];
    const text = JSON.stringify(input);
    const middle = Math.floor(cut * text.length);
    return [text.slice(0, middle), text.slice(middle)].map((part): StreamEvent => ({
      type: 'tool-call-delta',
      choice: 0,
      index,
      arguments: part,
    }));
  });
  const starts = group.calls.map(({ name }, offset): StreamEvent => {
    const index = first + offset;
    return { type: 'tool-call-start', choice: 0, index, id: `call_${index}`, name };
  });
  const turns = [...group.order, ...queues.flatMap((_queue, index) => [index, index])];
  return [...starts, ...turns.flatMap((turn) => queues[turn % queues.length]?.shift() ?? [])];
}

/** Everything that an encoder sends for these events, in one piece. */
export function encodeStream(
  dialect: AnswerDialect,
  events: readonly StreamEvent[],
  changes: Partial<EncoderOptions> = {},
): Uint8Array {
  const encoder = createEncoder(dialect, { ...options, ...changes });
  const parts = [encoder.comment('queued: 1 before you'), ...events.map((event) => encoder.push(event))];
  return Buffer.concat([...parts.filter((part) => part !== null), encoder.finish()]);
}

export const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** Data of all events of a stream, parsed; `[DONE]` stays text. */
export function eventData(bytes: Uint8Array): unknown[] {
  return decode(bytes)
    .split('\n\n')
    .flatMap((event) => event.split('\n').filter((line) => line.startsWith('data: ')))
    .map((line): unknown => (line === 'data: [DONE]' ? '[DONE]' : JSON.parse(line.slice(6))));
}

/** Places to cut a body at, as fractions of its length. */
export const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 });

/** A `fetch` that answers every call with these bytes, cut at the given places. */
export function serve(
  bytes: Uint8Array,
  contentType: string,
  places: readonly number[] = [],
  status = 200,
): typeof fetch {
  const ends = [...places.map((place) => Math.floor(place * bytes.length)), bytes.length].sort((a, b) => a - b);
  const chunks = ends.map((end, index) => bytes.slice(ends[index - 1] ?? 0, end)).filter((chunk) => chunk.length > 0);
  return () =>
    Promise.resolve(
      new Response(ReadableStream.from(chunks), {
        status,
        headers: { 'content-type': contentType, 'x-request-id': 'r1' },
      }),
    );
}
