/**
 * The worker's side of token streams: takes openings from a queue group, runs a handler for each, sends its frames within
 * the credits, beats, and aborts the handler when the ingress cancels or falls silent.
 */
import { createInbox, type Msg, type NatsConnection, type Subscription } from '@nats-io/transport-node';
import { InferOpen, type AcceptedNotice, type QueuedNotice, type StreamFailure, type UsageNotice } from '#contracts';
import type { Courier } from '../courier.js';
import { CreditBalance } from './credits.js';
import { dataFlags, decodeFrames, jsonPayload, maxFramePayloadBytes, noBytes, readCreditPayload } from './frame.js';
import { OpeningAssembly } from './opening.js';
import { FrameOutbox } from './outbox.js';
import { SequenceCheck } from './sequence.js';
import { streamTiming } from './timing.js';

/** What a handler of streams is given. `signal` aborts when nobody wants the answer any more; its reason says why. */
export interface StreamSender {
  readonly signal: AbortSignal;
  /** W3C header of the ingress' span; null outside a trace. */
  readonly traceparent: string | null;
  queued(notice: QueuedNotice): void;
  accepted(notice: AcceptedNotice): void;
  /** Waits for credit; resolves at once while there is some. `last`: the answer is complete with these bytes. */
  data(bytes: Uint8Array, flags: { content: boolean; last?: boolean }): Promise<void>;
  usage(notice: UsageNotice): void;
  end(): Promise<void>;
  error(failure: StreamFailure): Promise<void>;
}

export type StreamHandler = (open: InferOpen, stream: StreamSender) => Promise<void>;

/** Told when a handler threw, or an opening could not be read: a bug or a newer peer. */
export type StreamFault = (error: unknown) => void;

export class StreamSenders {
  private readonly inbox = createInbox();
  private readonly open = new Map<string, Sender>();
  private readonly control: Subscription;
  private readonly ticker: NodeJS.Timeout;
  private readonly subscriptions = new Set<Subscription>();
  private counter = 0;

  constructor(
    private readonly connection: NatsConnection,
    private readonly courier: Courier,
    private readonly now: () => number,
    private readonly onFault: StreamFault,
  ) {
    this.control = connection.subscribe(`${this.inbox}.*`, {
      callback: (error, message) => {
        if (error === null) this.open.get(message.subject.slice(this.inbox.length + 1))?.take(message);
      },
    });
    this.ticker = setInterval(() => this.tick(), streamTiming.beatMs / 2);
    this.ticker.unref();
  }

  /** Serves `subject`; with a queue group each opening goes to one member. `stop` takes no new ones and waits for those that run. */
  serve(options: { subject: string; queue?: string; handle: StreamHandler }): { stop(): Promise<void> } {
    const running = new Set<Promise<void>>();
    const subscription = this.connection.subscribe(options.subject, {
      ...(options.queue === undefined ? {} : { queue: options.queue }),
      callback: (error, message) => {
        if (error !== null || message.reply === undefined || message.reply === '') return;
        this.track(running, this.accept(message, message.reply, options.handle));
      },
    });
    this.subscriptions.add(subscription);
    return {
      stop: async () => {
        if (!subscription.isClosed() && !subscription.isDraining()) await subscription.drain();
        this.subscriptions.delete(subscription);
        await Promise.allSettled(running);
      },
    };
  }

  get size(): number {
    return this.open.size;
  }

  /** Takes no new openings: other workers of the queue group get them. What runs goes on. */
  async stopTaking(): Promise<void> {
    await Promise.allSettled([...this.subscriptions].map((subscription) => subscription.drain()));
    this.subscriptions.clear();
  }

  /** Ends what still runs: its upstream is let go of, and the ingress hears why. */
  endAll(): void {
    for (const sender of this.open.values()) sender.shutDown();
  }

  stop(): void {
    clearInterval(this.ticker);
    for (const sender of this.open.values()) sender.abort('bus closed');
    if (!this.control.isClosed()) this.control.unsubscribe();
    for (const subscription of this.subscriptions) if (!subscription.isClosed()) subscription.unsubscribe();
  }

  private async accept(message: Msg, reply: string, handle: StreamHandler): Promise<void> {
    this.counter += 1;
    const id = this.counter.toString(36);
    const sender = new Sender(
      this.courier,
      reply,
      `${this.inbox}.${id}`,
      this.now,
      message.headers?.get('traceparent') ?? null,
    );
    this.open.set(id, sender);
    try {
      const bytes = await sender.receiveOpening(message);
      const opening = InferOpen.safeParse(JSON.parse(Buffer.from(bytes).toString()));
      if (opening.success) await handle(opening.data, sender);
      else {
        this.onFault(opening.error);
        await sender.error(refusal('This worker cannot read the request; the services are of different releases.'));
      }
      if (!sender.finished) await sender.error(refusal('The worker ended without an answer.'));
    } catch (error) {
      if (!sender.signal.aborted) this.onFault(error);
      if (!sender.finished) await sender.error(refusal('The worker failed.'));
    } finally {
      this.open.delete(id);
    }
  }

  private track(running: Set<Promise<void>>, work: Promise<void>): void {
    running.add(work);
    void work.finally(() => running.delete(work));
  }

  private tick(): void {
    for (const sender of this.open.values()) sender.tick();
  }
}

function refusal(message: string): StreamFailure {
  return { code: 'internal_error', details: { adminText: message }, blame: 'gateway', retryAfterMs: null };
}

/** Before the first content another worker may take it. */
const shuttingDown: StreamFailure = {
  code: 'server_shutting_down',
  details: {},
  blame: 'gateway',
  retryAfterMs: 1_000,
};

class Sender implements StreamSender {
  private readonly abortController = new AbortController();
  private readonly outbox: FrameOutbox;
  private readonly balance = new CreditBalance();
  private readonly check = new SequenceCheck();
  private waitingForCredit: (() => void) | null = null;
  private onBody: ((part: Uint8Array) => void) | null = null;
  private lastHeardAt: number;
  private isShutDown = false;
  finished = false;

  constructor(
    courier: Courier,
    reply: string,
    control: string,
    private readonly now: () => number,
    readonly traceparent: string | null,
  ) {
    this.lastHeardAt = now();
    let introduced = false;
    this.outbox = new FrameOutbox(
      (bytes) => {
        courier.send(reply, bytes, introduced ? {} : { reply: control });
        introduced = true;
      },
      now,
      (write) => courier.atTickEnd(write),
    );
    this.outbox.pushPatiently('hello', noBytes);
  }

  get signal(): AbortSignal {
    return this.abortController.signal;
  }

  /** The bytes of the request; rejects when the ingress goes away or sends more than it announced. */
  receiveOpening(message: Msg): Promise<Uint8Array> {
    const assembly = OpeningAssembly.announcedBy(message.headers);
    if (assembly === null) return Promise.resolve(message.data);
    // Only after the greeting the ingress knows where the rest of the request goes.
    this.outbox.flush();
    return new Promise((resolve, reject) => {
      this.signal.addEventListener('abort', () => reject(new Error('cancelled')), { once: true });
      this.onBody = (part) => {
        try {
          const whole = assembly.add(part);
          if (whole === null) return;
          this.onBody = null;
          resolve(whole);
        } catch (error) {
          reject(error instanceof Error ? error : new Error('bad request body'));
        }
      };
    });
  }

  take(message: Msg): void {
    this.lastHeardAt = this.now();
    const frames = decodeFrames(message.data);
    if (frames === null) {
      this.abort('unreadable message');
      return;
    }
    for (const frame of frames) {
      const verdict = this.check.judge(frame);
      if (verdict === 'duplicate') continue;
      if (frame.type === 'cancel') this.abort('cancelled');
      else if (verdict === 'gap') this.abort('gap');
      else if (frame.type === 'body') this.onBody?.(frame.payload);
      else if (frame.type === 'credit') this.takeCredit(frame.payload);
    }
  }

  queued(notice: QueuedNotice): void {
    if (!this.finished) this.outbox.push('queued', jsonPayload(notice));
  }

  accepted(notice: AcceptedNotice): void {
    if (!this.finished) this.outbox.pushPatiently('accepted', jsonPayload(notice));
  }

  async data(bytes: Uint8Array, flags: { content: boolean; last?: boolean }): Promise<void> {
    const last = flags.last ?? false;
    const content = flags.content ? dataFlags.content : 0;
    let at = 0;
    do {
      while (!this.balance.open && !this.signal.aborted) {
        await new Promise<void>((resolve) => {
          this.waitingForCredit = resolve;
        });
      }
      if (this.signal.aborted || this.finished) return;
      const part = bytes.subarray(at, at + maxFramePayloadBytes);
      at += part.byteLength;
      this.balance.spend(part.byteLength);
      this.outbox.push('data', part, content | (last && at >= bytes.byteLength ? dataFlags.last : 0));
    } while (at < bytes.byteLength);
  }

  usage(notice: UsageNotice): void {
    if (!this.finished) this.outbox.push('usage', jsonPayload(notice));
  }

  async end(): Promise<void> {
    if (this.isShutDown) this.finishWith('error', jsonPayload(shuttingDown));
    else this.finishWith('end', noBytes);
  }

  /** What a handler says that was told to stop is not why it ended. */
  async error(failure: StreamFailure): Promise<void> {
    this.finishWith('error', jsonPayload(this.isShutDown ? shuttingDown : failure));
  }

  shutDown(): void {
    if (this.finished || this.signal.aborted) return;
    this.isShutDown = true;
    this.abort('shutting down');
  }

  /** Beats, and aborts after too long a silence of the ingress. */
  tick(): void {
    if (this.finished) return;
    if (this.now() - this.lastHeardAt > streamTiming.silenceMs) this.abort('ingress silent');
    else if (this.now() - this.outbox.lastSentAt >= streamTiming.beatMs) this.outbox.push('beat', noBytes);
  }

  abort(reason: string): void {
    if (this.signal.aborted) return;
    this.abortController.abort(new Error(reason));
    this.waitingForCredit?.();
    this.waitingForCredit = null;
  }

  private takeCredit(payload: Uint8Array): void {
    const totals = readCreditPayload(payload);
    if (totals === null) return;
    this.balance.grant(totals);
    if (!this.balance.open) return;
    this.waitingForCredit?.();
    this.waitingForCredit = null;
  }

  private finishWith(type: 'end' | 'error', payload: Uint8Array): void {
    if (this.finished) return;
    this.finished = true;
    this.outbox.push(type, payload);
    this.outbox.flush();
  }
}
