/**
 * The ingress' side of token streams: one inbox subscription for all of them. Opens a stream, hands out its frames in
 * order, grants credits as they are taken, beats, and notices silence, gaps and the lack of a worker.
 */
import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node';
import { createInbox } from '@nats-io/transport-node';
import { AcceptedNotice, QueuedNotice, StreamFailure, UsageNotice } from '#contracts';
import type { Courier } from '../courier.js';
import { CreditGrant } from './credits.js';
import { creditPayload, dataFlags, decodeFrames, noBytes, type Frame } from './frame.js';
import { FrameOutbox } from './outbox.js';
import { encodeOpening } from './opening.js';
import { SequenceCheck } from './sequence.js';
import { streamTiming } from './timing.js';

export type ReceivedFrame =
  | { readonly type: 'queued'; readonly notice: QueuedNotice }
  | { readonly type: 'accepted'; readonly notice: AcceptedNotice }
  | { readonly type: 'data'; readonly content: boolean; readonly last: boolean; readonly bytes: Uint8Array }
  | { readonly type: 'usage'; readonly notice: UsageNotice }
  | { readonly type: 'end' }
  | { readonly type: 'error'; readonly failure: StreamFailure };

/** Frames in order; the iteration ends after `end` or `error`. Breaking off cancels the worker and hears no more of it. */
export interface ReceivedStream extends AsyncIterable<ReceivedFrame> {
  /** Tells the worker to stop; its last words (usage, end) still come, for three seconds of silence at most. */
  cancel(): void;
}

export class StreamReceivers {
  private readonly inbox = createInbox();
  private readonly open = new Map<string, Receiver>();
  private readonly subscription: Subscription;
  private readonly ticker: NodeJS.Timeout;
  private counter = 0;

  constructor(
    connection: NatsConnection,
    private readonly courier: Courier,
    private readonly now: () => number,
  ) {
    this.subscription = connection.subscribe(`${this.inbox}.*`, {
      callback: (error, message) => {
        if (error === null) this.take(message);
      },
    });
    this.ticker = setInterval(() => this.tick(), streamTiming.beatMs / 2);
    this.ticker.unref();
  }

  /** Opens a stream on `subject` with the JSON of `payload`. */
  openStream(subject: string, payload: unknown, headers: Record<string, string>, signal: AbortSignal): ReceivedStream {
    this.counter += 1;
    const id = this.counter.toString(36);
    const receiver = new Receiver(this.courier, this.now, () => this.open.delete(id));
    this.open.set(id, receiver);
    receiver.start({ subject, reply: `${this.inbox}.${id}`, payload, headers, signal });
    return receiver;
  }

  /** Streams that are open now. */
  get size(): number {
    return this.open.size;
  }

  stop(): void {
    clearInterval(this.ticker);
    for (const receiver of this.open.values()) receiver.fail('The bus connection was closed.');
    if (!this.subscription.isClosed()) this.subscription.unsubscribe();
  }

  private take(message: Msg): void {
    const id = message.subject.slice(this.inbox.length + 1);
    this.open.get(id)?.take(message);
  }

  private tick(): void {
    for (const receiver of this.open.values()) receiver.tick();
  }
}

class Receiver implements ReceivedStream {
  private readonly ready: ReceivedFrame[] = [];
  private readonly grants = new CreditGrant();
  private readonly check = new SequenceCheck();
  private wake: (() => void) | null = null;
  private outbox: FrameOutbox | null = null;
  private parts: readonly Uint8Array[] = [];
  private closed = false;
  private cancelled = false;
  private lastHeardAt: number;
  private stopListening: () => void = () => {};

  constructor(
    private readonly courier: Courier,
    private readonly now: () => number,
    private readonly forget: () => void,
  ) {
    this.lastHeardAt = now();
  }

  start(opening: {
    subject: string;
    reply: string;
    payload: unknown;
    headers: Record<string, string>;
    signal: AbortSignal;
  }): void {
    const { first, parts, headers } = encodeOpening(opening.payload, opening.headers);
    this.parts = parts;
    if (opening.signal.aborted) {
      this.close();
      return;
    }
    const onAbort = () => this.cancel();
    opening.signal.addEventListener('abort', onAbort, { once: true });
    this.stopListening = () => opening.signal.removeEventListener('abort', onAbort);
    this.courier.send(opening.subject, first, { reply: opening.reply, headers }, () =>
      this.fail('The bus is not connected.'),
    );
  }

  take(message: Msg): void {
    if (message.headers?.code === 503) {
      const failure = gatewayFailure('No worker serves this backend.');
      this.finish({ type: 'error', failure: { ...failure, details: { ...failure.details, unserved: true } } });
      return;
    }
    this.lastHeardAt = this.now();
    if (this.outbox === null && message.reply !== undefined && message.reply !== '') this.greet(message.reply);
    const frames = decodeFrames(message.data);
    if (frames === null) {
      this.fail('A message of the stream could not be read.');
      return;
    }
    for (const frame of frames) {
      if (this.closed) return;
      this.takeFrame(frame);
    }
  }

  /** Beats, and fails the stream after too long a silence. Called twice a second. */
  tick(): void {
    if (this.now() - this.lastHeardAt > streamTiming.silenceMs) {
      this.fail('The worker fell silent.');
      return;
    }
    if (this.outbox !== null && this.now() - this.outbox.lastSentAt >= streamTiming.beatMs) {
      const totals = this.grants.totals();
      this.outbox.push('credit', creditPayload(totals.frames, totals.bytes));
    }
  }

  /** Tells the worker to stop. What it still reports (usage, its end) is delivered; content is not. */
  cancel(): void {
    if (this.closed || this.cancelled) return;
    this.cancelled = true;
    this.outbox?.push('cancel', noBytes);
    this.outbox?.flush();
    this.wakeUp();
  }

  fail(message: string): void {
    if (this.closed) return;
    this.outbox?.push('cancel', noBytes);
    this.outbox?.flush();
    this.finish({ type: 'error', failure: gatewayFailure(message) });
  }

  async *[Symbol.asyncIterator](): AsyncIterator<ReceivedFrame> {
    try {
      for (;;) {
        const frame = this.ready.shift();
        if (frame === undefined) {
          if (this.closed) return;
          await new Promise<void>((resolve) => {
            this.wake = resolve;
          });
          continue;
        }
        yield frame;
        if (frame.type === 'data') this.grant(frame.bytes.byteLength);
        if (frame.type === 'end' || frame.type === 'error') return;
      }
    } finally {
      this.cancel();
      this.close();
    }
  }

  private greet(control: string): void {
    const { courier } = this;
    this.outbox = new FrameOutbox(
      (bytes) => courier.send(control, bytes),
      this.now,
      (write) => courier.atTickEnd(write),
    );
    if (this.cancelled) {
      this.outbox.push('cancel', noBytes);
      this.outbox.flush();
      return;
    }
    for (const part of this.parts) this.outbox.push('body', part);
    this.parts = [];
  }

  private takeFrame(frame: Frame): void {
    const verdict = this.check.judge(frame);
    if (verdict === 'duplicate') return;
    if (verdict === 'gap') {
      this.fail('A part of the stream was lost on the bus.');
      return;
    }
    const received = readFrame(frame);
    if (received === 'broken') this.fail('A frame of the stream could not be read.');
    else if (received !== null) this.deliver(received);
  }

  private deliver(frame: ReceivedFrame): void {
    if (frame.type === 'end' || frame.type === 'error') this.finish(frame);
    else if (frame.type === 'data' && this.cancelled) this.grant(frame.bytes.byteLength);
    else {
      this.ready.push(frame);
      this.wakeUp();
    }
  }

  private grant(bytes: number): void {
    const totals = this.grants.take(bytes);
    if (totals !== null && !this.closed) this.outbox?.push('credit', creditPayload(totals.frames, totals.bytes));
  }

  private finish(frame: ReceivedFrame): void {
    if (this.closed) return;
    this.ready.push(frame);
    this.close();
    this.wakeUp();
  }

  private close(): void {
    if (this.closed) return;
    this.closed = true;
    this.stopListening();
    this.forget();
  }

  private wakeUp(): void {
    this.wake?.();
    this.wake = null;
  }
}

function gatewayFailure(message: string): StreamFailure {
  return { code: 'service_unavailable', details: { adminText: message }, blame: 'gateway', retryAfterMs: null };
}

/** A frame for the ingress; null for those that only keep the stream alive, `broken` for JSON that is not of its schema. */
function readFrame(frame: Frame): ReceivedFrame | null | 'broken' {
  switch (frame.type) {
    case 'data':
      return {
        type: 'data',
        content: (frame.flags & dataFlags.content) !== 0,
        last: (frame.flags & dataFlags.last) !== 0,
        bytes: frame.payload,
      };
    case 'queued':
      return readNotice(frame, QueuedNotice, (notice) => ({ type: 'queued', notice }));
    case 'accepted':
      return readNotice(frame, AcceptedNotice, (notice) => ({ type: 'accepted', notice }));
    case 'usage':
      return readNotice(frame, UsageNotice, (notice) => ({ type: 'usage', notice }));
    case 'error':
      return readNotice(frame, StreamFailure, (failure) => ({ type: 'error', failure }));
    case 'end':
      return { type: 'end' };
    case 'hello':
    case 'beat':
    case 'body':
    case 'credit':
    case 'cancel':
      return null;
  }
}

function readNotice<T>(
  frame: Frame,
  schema: { safeParse(value: unknown): { success: true; data: T } | { success: false } },
  make: (notice: T) => ReceivedFrame,
): ReceivedFrame | 'broken' {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(frame.payload).toString());
  } catch {
    return 'broken';
  }
  const parsed = schema.safeParse(value);
  return parsed.success ? make(parsed.data) : 'broken';
}
