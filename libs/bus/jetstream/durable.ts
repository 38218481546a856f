/** Durable events: published until acknowledged, consumed in batches that the handler acknowledges itself. */
import {
  AckPolicy,
  DeliverPolicy,
  jetstream,
  jetstreamManager,
  type ConsumerMessages,
  type JsMsg,
} from '@nats-io/jetstream';
import { headers as natsHeaders, nanos, type NatsConnection } from '@nats-io/transport-node';
import type { z } from 'zod';
import type { DurableContract } from '#contracts';
import { activeTraceparent } from '#telemetry';

const ackWaitMs = 30_000;
const publishTimeoutMs = 2_000;
/** A batch is handed over this long after its first message, or when it is full. */
const batchDelayMs = 15;

export interface DurableMessage {
  readonly subject: string;
  /** Decoded JSON; undefined where it is none. */
  readonly payload: unknown;
  /** 1 at the first delivery. */
  readonly deliveryCount: number;
  readonly sequence: number;
  readonly traceparent: string | null;
  ack(): void;
  /** Asks for it again after a while. */
  nak(delayMs: number): void;
  /** Never again. */
  term(): void;
}

/** Resolves once JetStream has stored the event; rejects on a timeout or a refusal. The same message id is stored once. */
export async function publishDurable<C extends DurableContract<string, z.ZodType>>(
  connection: NatsConnection,
  contract: C,
  payload: z.input<C['payload']>,
  options: { messageId: string },
): Promise<void> {
  const headers = natsHeaders();
  const traceparent = activeTraceparent();
  if (traceparent !== null) headers.set('traceparent', traceparent);
  await jetstream(connection, { timeout: publishTimeoutMs }).publish(contract.subject, JSON.stringify(payload), {
    msgID: options.messageId,
    headers,
  });
}

export interface ConsumeOptions {
  readonly stream: 'USAGE' | 'EVENTS';
  /** Name of the shared position; several processes with one name share the work. */
  readonly durable: string;
  readonly subjects?: readonly string[];
  readonly batch: number;
  readonly handle: (messages: readonly DurableMessage[]) => Promise<void>;
}

/** Consumes until stopped; survives restarts of the server. `onProblem` is told when a batch failed or the consumer had to be made again. */
export async function consumeDurable(
  connection: NatsConnection,
  options: ConsumeOptions,
  onProblem: (error: unknown) => void,
): Promise<{ stop(): Promise<void>; pending(): Promise<number> }> {
  const manager = await jetstreamManager(connection);
  await manager.consumers.add(options.stream, {
    durable_name: options.durable,
    ack_policy: AckPolicy.Explicit,
    deliver_policy: DeliverPolicy.All,
    ack_wait: nanos(ackWaitMs),
    max_ack_pending: options.batch * 10,
    ...(options.subjects === undefined ? {} : { filter_subjects: [...options.subjects] }),
  });
  const loop = new ConsumeLoop(connection, options, onProblem);
  loop.start();
  return {
    stop: () => loop.stop(),
    pending: async () => (await manager.consumers.info(options.stream, options.durable)).num_pending,
  };
}

class ConsumeLoop {
  private messages: ConsumerMessages | null = null;
  private stopped = false;
  private batch: DurableMessage[] = [];
  private timer: NodeJS.Timeout | null = null;
  private handling: Promise<void> = Promise.resolve();
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
    await this.handling;
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      try {
        const consumer = await jetstream(this.connection).consumers.get(this.options.stream, this.options.durable);
        this.messages = await consumer.consume({ max_messages: this.options.batch * 2 });
        for await (const message of this.messages) await this.take(message);
      } catch (error) {
        if (this.stopped || this.connection.isClosed()) return;
        this.onProblem(error);
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
    }
  }

  private async take(message: JsMsg): Promise<void> {
    this.batch.push(durableMessage(message));
    if (this.batch.length >= this.options.batch) {
      this.flush();
      await this.handling;
    } else this.timer ??= setTimeout(() => this.flush(), batchDelayMs);
  }

  private flush(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    const batch = this.batch;
    if (batch.length === 0) return;
    this.batch = [];
    this.handling = this.handling
      .then(() => this.options.handle(batch))
      .catch((error: unknown) => {
        this.onProblem(error);
        for (const message of batch) message.nak(1_000);
      });
  }
}

function durableMessage(message: JsMsg): DurableMessage {
  let payload: unknown;
  try {
    payload = JSON.parse(message.string());
  } catch {
    payload = undefined;
  }
  const traceparent = message.headers?.get('traceparent') ?? '';
  return {
    subject: message.subject,
    payload,
    deliveryCount: message.info.deliveryCount,
    sequence: message.seq,
    traceparent: traceparent === '' ? null : traceparent,
    ack: () => message.ack(),
    nak: (delayMs) => message.nak(delayMs),
    term: () => message.term(),
  };
}
