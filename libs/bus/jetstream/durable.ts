/** Durable events: published until acknowledged, consumed in batches that the handler acknowledges itself. */
import {
  AckPolicy,
  DeliverPolicy,
  jetstream,
  jetstreamManager,
  type ConsumerMessages,
  type JetStreamManager,
  type JsMsg,
  type StreamState,
} from '@nats-io/jetstream';
import { headers as natsHeaders, nanos, type NatsConnection } from '@nats-io/transport-node';
import type { z } from 'zod';
import type { DurableContract } from '#contracts';
import { activeTraceparent } from '#telemetry';
import { batchEntry, batchHeader, batchLimits, readBatch, SharedAck } from './batch.js';
import { keptFrom } from './room.js';

const ackWaitMs = 30_000;
const publishTimeoutMs = 2_000;
/** A batch is handed over this long after its first message, or when it is full, */
const batchDelayMs = 20;
/** but this long after the one before at the earliest: a batch costs about the same whatever it holds. */
const batchEveryMs = 250;
/** Messages fetched ahead, and handed out without an acknowledgement; each may hold a hundred events. */
const prefetch = 400;
const mostUnacknowledged = 2_000;

export interface DurableMessage {
  readonly subject: string;
  /** Decoded JSON; undefined where it is none. */
  readonly payload: unknown;
  /** 1 at the first delivery. */
  readonly deliveryCount: number;
  readonly sequence: number;
  /** Its place among the events that travelled in one message; with the sequence it names the event. */
  readonly place: number;
  readonly traceparent: string | null;
  ack(): void;
  /** Asks for it again after a while. */
  nak(delayMs: number): void;
  /** Never again. */
  term(): void;
}

interface Line {
  waiting: Waiting[];
  sending: boolean;
  /** When the last message left, on the clock of `performance.now()`. */
  sentAt: number;
}

interface Waiting {
  readonly json: string;
  readonly traceparent: string | null;
  readonly messageId: string;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Publishes durable events, one message at a time for each subject: what comes meanwhile leaves together. */
export class DurablePublisher {
  private readonly lines = new Map<string, Line>();

  constructor(private readonly connection: NatsConnection) {}

  /** Resolves once JetStream has stored the event; rejects on a timeout or a refusal. */
  publish<C extends DurableContract<string, z.ZodType>>(
    contract: C,
    payload: z.input<C['payload']>,
    options: { messageId: string },
  ): Promise<void> {
    const line = this.lines.get(contract.subject) ?? { waiting: [], sending: false, sentAt: 0 };
    this.lines.set(contract.subject, line);
    return new Promise((resolve, reject) => {
      const json = JSON.stringify(payload);
      line.waiting.push({ json, traceparent: activeTraceparent(), messageId: options.messageId, resolve, reject });
      if (!line.sending) void this.send(contract.subject, line, contract.gatherMs ?? 0);
    });
  }

  private async send(subject: string, line: Line, gatherMs: number): Promise<void> {
    line.sending = true;
    while (line.waiting.length > 0) {
      const waitMs = line.sentAt + gatherMs - performance.now();
      if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
      line.sentAt = performance.now();
      const batch = takeBatch(line.waiting);
      try {
        await this.sendBatch(subject, batch);
        for (const event of batch) event.resolve();
      } catch (error) {
        for (const event of batch) event.reject(error);
      }
    }
    line.sending = false;
  }

  private async sendBatch(subject: string, batch: readonly Waiting[]): Promise<void> {
    const [first] = batch;
    if (first === undefined) return;
    const headers = natsHeaders();
    const client = jetstream(this.connection, { timeout: publishTimeoutMs });
    if (batch.length === 1) {
      if (first.traceparent !== null) headers.set('traceparent', first.traceparent);
      await client.publish(subject, first.json, { msgID: first.messageId, headers });
      return;
    }
    headers.set(batchHeader, String(batch.length));
    const body = `[${batch.map((event) => batchEntry(event.json, event.traceparent)).join(',')}]`;
    await client.publish(subject, body, { msgID: `${first.messageId}+${batch.length}`, headers });
  }
}

/** As many as fit into one message; at least one. */
function takeBatch(waiting: Waiting[]): Waiting[] {
  let bytes = 0;
  let count = 0;
  for (const event of waiting) {
    bytes += event.json.length + 100;
    if (count === batchLimits.events || (count > 0 && bytes > batchLimits.bytes)) break;
    count += 1;
  }
  return waiting.splice(0, Math.max(1, count));
}

export interface ConsumeOptions {
  readonly stream: 'USAGE' | 'EVENTS';
  /** Name of the shared position; several processes with one name share the work. */
  readonly durable: string;
  readonly subjects?: readonly string[];
  /** Events at which a batch is full; the last message may bring more. */
  readonly batch: number;
  /** Batches that are handled at the same time; 1 where nothing is said. */
  readonly lanes?: number;
  readonly handle: (messages: readonly DurableMessage[]) => Promise<void>;
}

export interface Consuming {
  stop(): Promise<void>;
  /** Messages that are not acknowledged. */
  pending(): Promise<number>;
  /** Gives up old messages of a stream that is nearly full, as far as this consumer has them; resolves with how many. */
  makeRoom(): Promise<number>;
}

/**
 * Consumes until stopped; survives restarts of the server. `pending` tells how many messages are not acknowledged: those
 * that nobody was given yet, and those that somebody holds or will get again.
 * `onProblem` is told when a batch failed or the consumer had to be made again.
 */
export async function consumeDurable(
  connection: NatsConnection,
  options: ConsumeOptions,
  onProblem: (error: unknown) => void,
): Promise<Consuming> {
  const manager = await jetstreamManager(connection);
  await manager.consumers.add(options.stream, {
    durable_name: options.durable,
    ack_policy: AckPolicy.Explicit,
    deliver_policy: DeliverPolicy.All,
    ack_wait: nanos(ackWaitMs),
    max_ack_pending: mostUnacknowledged,
    ...(options.subjects === undefined ? {} : { filter_subjects: [...options.subjects] }),
  });
  const loop = new ConsumeLoop(connection, options, onProblem);
  loop.start();
  return {
    stop: () => loop.stop(),
    async pending() {
      const { num_pending, num_ack_pending } = await manager.consumers.info(options.stream, options.durable);
      return num_pending + num_ack_pending;
    },
    makeRoom: () => makeRoom(manager, options),
  };
}

/** A full stream takes no new event, which is right for what nobody has read and wrong for what was only kept. */
async function makeRoom(
  manager: JetStreamManager,
  { stream, durable }: Pick<ConsumeOptions, 'stream' | 'durable'>,
): Promise<number> {
  const { state, config } = await manager.streams.info(stream);
  if (keptFrom({ ...roomOf(state, config.max_bytes), acknowledged: state.last_seq }) === null) return 0;
  const { ack_floor: acknowledged } = await manager.consumers.info(stream, durable);
  const kept = keptFrom({ ...roomOf(state, config.max_bytes), acknowledged: acknowledged.stream_seq });
  return kept === null ? 0 : (await manager.streams.purge(stream, { seq: kept })).purged;
}

function roomOf(state: StreamState, maxBytes: number) {
  return { bytes: state.bytes, maxBytes, first: state.first_seq, last: state.last_seq };
}

class ConsumeLoop {
  private messages: ConsumerMessages | null = null;
  private stopped = false;
  private batch: DurableMessage[] = [];
  private timer: NodeJS.Timeout | null = null;
  private handedOverAt = 0;
  private readonly handling = new Set<Promise<void>>();
  private running: Promise<void> = Promise.resolve();

  constructor(
    private readonly connection: NatsConnection,
    private readonly options: ConsumeOptions,
    private readonly onProblem: (error: unknown) => void,
  ) {}

  start(): void {
    this.running = this.run();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.messages?.close();
    await this.running;
    this.flush();
    while (this.handling.size > 0) await Promise.race(this.handling);
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      try {
        const consumer = await jetstream(this.connection).consumers.get(this.options.stream, this.options.durable);
        this.messages = await consumer.consume({ max_messages: prefetch });
        for await (const message of this.messages) await this.take(message);
      } catch (error) {
        if (this.stopped || this.connection.isClosed()) return;
        this.onProblem(error);
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
    }
  }

  private async take(message: JsMsg): Promise<void> {
    this.batch.push(...durableMessages(message));
    if (this.batch.length >= this.options.batch) this.flush();
    else this.timer ??= setTimeout(() => this.flush(), this.delayMs());
    // Nothing more is taken while what was taken has no lane.
    while (this.batch.length >= this.options.batch) await Promise.race(this.handling);
  }

  private delayMs(): number {
    return Math.max(batchDelayMs, this.handedOverAt + batchEveryMs - performance.now());
  }

  /** Hands over what was gathered; without a free lane it goes on gathering until there is one. */
  private flush(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    const batch = this.batch;
    if (batch.length === 0 || this.handling.size >= (this.options.lanes ?? 1)) return;
    this.batch = [];
    this.handedOverAt = performance.now();
    const done = this.handle(batch).finally(() => {
      this.handling.delete(done);
      if (this.timer === null) this.flush();
    });
    this.handling.add(done);
  }

  private async handle(batch: readonly DurableMessage[]): Promise<void> {
    try {
      await this.options.handle(batch);
    } catch (error) {
      this.onProblem(error);
      for (const message of batch) message.nak(1_000);
    }
  }
}

/** The events of a message: one, or those of a batch. */
function durableMessages(message: JsMsg): DurableMessage[] {
  const payload = jsonOf(message);
  const facts = { subject: message.subject, deliveryCount: message.info.deliveryCount, sequence: message.seq };
  const batch = (message.headers?.get(batchHeader) ?? '') === '' ? null : readBatch(payload);
  if (batch === null || batch.length === 0) {
    const traceparent = message.headers?.get('traceparent') ?? '';
    return [
      {
        ...facts,
        place: 0,
        payload,
        traceparent: traceparent === '' ? null : traceparent,
        ack: () => message.ack(),
        nak: (delayMs) => message.nak(delayMs),
        term: () => message.term(),
      },
    ];
  }
  const shared = new SharedAck(message, batch.length);
  return batch.map((event, place) => ({
    ...facts,
    place,
    ...event,
    ack: () => shared.ack(),
    nak: (delayMs: number) => shared.nak(delayMs),
    // One event that is given up must not take the others with it.
    term: () => shared.ack(),
  }));
}

function jsonOf(message: JsMsg): unknown {
  try {
    return JSON.parse(message.string());
  } catch {
    return undefined;
  }
}
