/** Durable events are consumed in batches that the handler acknowledges itself. */
import {
  AckPolicy,
  DeliverPolicy,
  jetstream,
  JetStreamApiError,
  jetstreamManager,
  type ConsumerMessages,
  type JetStreamManager,
  type JsMsg,
  type StreamState,
} from '@nats-io/jetstream';
import { nanos, type NatsConnection } from '@nats-io/transport-node';
import { backlogOf, type Backlog } from './backlog.js';
import { durableMessages, type DurableMessage } from './durable-message.js';
import { keptFrom } from './room.js';

const usualAckWaitMs = 5_000;
/** A batch is handed over this long after its first message, or when it is full, */
const batchDelayMs = 20;
/** but this long after the one before at the earliest: a batch costs about the same whatever it holds. */
const batchEveryMs = 250;
/** Messages fetched ahead, and handed out without an acknowledgement; each may hold a hundred events. */
const prefetch = 100;
/**
 * What is asked for dies with the server that led the consumer, and nobody says so: two of its signs of life are missed
 * until it is asked for again. The client's own times would take half a minute.
 */
const renewal = { expires: 6_000, idle_heartbeat: 1_500 };
const mostUnacknowledged = 2_000;
/** The server's word for a consumer that is there with other settings. */
const consumerExists = 10_148;

export interface ConsumeOptions {
  readonly stream: 'USAGE' | 'EVENTS';
  /** Name of the shared position; several processes with one name share the work. */
  readonly durable: string;
  readonly subjects?: readonly string[];
  /** Events at which a batch is full; the last message may bring more. */
  readonly batch: number;
  /** Batches that are handled at the same time; 1 where nothing is said. */
  readonly lanes?: number;
  /**
   * What a consumer held when it was killed goes to another after this long (5 s where nothing is said). One that lives
   * keeps what it works on, however long that takes.
   */
  readonly ackWaitMs?: number;
  readonly handle: (messages: readonly DurableMessage[]) => Promise<void>;
}

export interface Consuming {
  stop(): Promise<void>;
  /** Messages that are not acknowledged. */
  pending(): Promise<number>;
  /** The same, since when, and how full the stream is. */
  backlog(): Promise<Backlog>;
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
  const settings = {
    durable_name: options.durable,
    ack_policy: AckPolicy.Explicit,
    deliver_policy: DeliverPolicy.All,
    ack_wait: nanos(options.ackWaitMs ?? usualAckWaitMs),
    max_ack_pending: mostUnacknowledged,
    ...(options.subjects === undefined ? {} : { filter_subjects: [...options.subjects] }),
  };
  await manager.consumers.add(options.stream, settings).catch((error: unknown) => {
    // An earlier release made it, with other times.
    if (!(error instanceof JetStreamApiError) || error.code !== consumerExists) throw error;
    return manager.consumers.update(options.stream, options.durable, settings);
  });
  const loop = new ConsumeLoop(connection, options, onProblem);
  loop.start();
  return {
    stop: () => loop.stop(),
    async pending() {
      const { num_pending, num_ack_pending } = await manager.consumers.info(options.stream, options.durable);
      return num_pending + num_ack_pending;
    },
    backlog: () => backlogOf(manager, options.stream, options.durable),
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

/** What is handed over together. */
interface Batch {
  readonly messages: JsMsg[];
  readonly events: DurableMessage[];
}

class ConsumeLoop {
  private messages: ConsumerMessages | null = null;
  private stopped = false;
  private batch: Batch = { messages: [], events: [] };
  private timer: NodeJS.Timeout | null = null;
  private handedOverAt = 0;
  /** Taken, and not handled to the end. */
  private readonly inHand = new Set<JsMsg>();
  private readonly claiming: NodeJS.Timeout;
  private readonly handling = new Set<Promise<void>>();
  private running: Promise<void> = Promise.resolve();

  constructor(
    private readonly connection: NatsConnection,
    private readonly options: ConsumeOptions,
    private readonly onProblem: (error: unknown) => void,
  ) {
    this.claiming = setInterval(() => this.claim(), (options.ackWaitMs ?? usualAckWaitMs) / 3).unref();
  }

  start(): void {
    this.running = this.run();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.messages?.close();
    await this.running;
    this.flush();
    while (this.handling.size > 0) await Promise.race(this.handling);
    clearInterval(this.claiming);
  }

  /** A batch that takes its time, or waits for a lane, is given to nobody else. */
  private claim(): void {
    for (const message of this.inHand) message.working();
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      try {
        const consumer = await jetstream(this.connection).consumers.get(this.options.stream, this.options.durable);
        this.messages = await consumer.consume({ max_messages: prefetch, ...renewal });
        // Stopped meanwhile: nobody else would end the iteration.
        if (this.stopped) this.messages.stop();
        for await (const message of this.messages) await this.take(message);
      } catch (error) {
        if (this.stopped || this.connection.isClosed()) return;
        this.onProblem(error);
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
    }
  }

  private async take(message: JsMsg): Promise<void> {
    const { messages, events } = this.batch;
    this.inHand.add(message);
    messages.push(message);
    events.push(...durableMessages(message));
    if (this.isFull) this.flush();
    else this.timer ??= setTimeout(() => this.flush(), this.delayMs());
    // Nothing more is taken while what was taken has no lane.
    while (this.isFull) await Promise.race(this.handling);
  }

  private get isFull(): boolean {
    return this.batch.events.length >= this.options.batch;
  }

  private delayMs(): number {
    return Math.max(batchDelayMs, this.handedOverAt + batchEveryMs - performance.now());
  }

  /** Hands over what was gathered; without a free lane it goes on gathering until there is one. */
  private flush(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    const { batch } = this;
    if (batch.events.length === 0 || this.handling.size >= (this.options.lanes ?? 1)) return;
    this.batch = { messages: [], events: [] };
    this.handedOverAt = performance.now();
    const done = this.handle(batch).finally(() => {
      this.handling.delete(done);
      if (this.timer === null) this.flush();
    });
    this.handling.add(done);
  }

  private async handle({ messages, events }: Batch): Promise<void> {
    try {
      await this.options.handle(events);
    } catch (error) {
      this.onProblem(error);
      for (const event of events) event.nak(1_000);
    } finally {
      for (const message of messages) this.inHand.delete(message);
    }
  }
}
