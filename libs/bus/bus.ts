/**
 * Everything a service says to another goes through this: request/reply, events, durable events, buckets and token
 * streams. Two connections: one for data (token streams), one for control, so that a slow stream never delays a decision.
 */
import type { NatsConnection } from '@nats-io/transport-node';
import type { z } from 'zod';
import {
  fillSubject,
  wildcardSubject,
  type AnyRequestContract,
  type BucketContract,
  type DurableContract,
  type EventContract,
  type InferOpen,
} from '#contracts';
import { activeTraceparent, knowBusServer, type Logger, type Metrics } from '#telemetry';
import { connectTo, serverProblem, type BusOptions } from './connection.js';
import { Bucket } from './jetstream/bucket.js';
import { consumeDurable, type ConsumeOptions, type Consuming } from './jetstream/durable.js';
import { DurablePublisher, type DurableOptions } from './jetstream/durable-publisher.js';
import { ensureStreams } from './jetstream/topology.js';
import { Courier } from './courier.js';
import { RequestInbox } from './request-inbox.js';
import { requestMetrics } from './request-metrics.js';
import { sendRequest, serveRequests, type RequestObserver, type RequestOptions } from './rpc.js';
import { StreamReceivers, type ReceivedStream } from './stream/receiver.js';
import { StreamSenders, type StreamHandler } from './stream/sender.js';

export class Bus {
  private readonly statusHandlers = new Set<(connected: boolean) => void>();
  private readonly controlCourier: Courier;
  private readonly dataCourier: Courier;
  private readonly requests: RequestInbox;
  private readonly receivers: StreamReceivers;
  private readonly senders: StreamSenders;
  private readonly durable: DurablePublisher;
  private readonly measure: RequestObserver;
  private connectedNow = true;

  private constructor(
    private readonly control: NatsConnection,
    private readonly data: NatsConnection,
    private readonly replicas: number,
    private readonly logger: Logger,
    private readonly metrics: Metrics,
  ) {
    const now = () => performance.now();
    this.measure = requestMetrics(metrics);
    this.controlCourier = new Courier(control);
    this.dataCourier = new Courier(data);
    this.requests = new RequestInbox(control, this.controlCourier);
    this.receivers = new StreamReceivers(data, this.dataCourier, now);
    this.durable = new DurablePublisher(control, () => this.connectedNow);
    this.senders = new StreamSenders(data, this.dataCourier, now, (error) =>
      logger.error({ err: error }, 'a stream handler failed'),
    );
    knowBusServer(control.getServer());
    void this.followStatus();
    metrics.set('signalbox_bus_connected', {}, 1);
  }

  /** Connects and waits for the server; throws Error where the server cannot be used (too old, no JetStream). */
  static async connect(options: BusOptions & { replicas?: number; logger: Logger; metrics: Metrics }): Promise<Bus> {
    const control = await connectTo(options, 'control');
    const problem = await serverProblem(control);
    if (problem !== null) {
      await control.close();
      throw new Error(problem);
    }
    const data = await connectTo(options, 'data');
    const replicas = options.replicas ?? 1;
    await ensureStreams(control, replicas);
    return new Bus(control, data, replicas, options.logger, options.metrics);
  }

  /** Asks and returns the parsed reply; throws GatewayError: the server's own, or service_unavailable. */
  request<C extends AnyRequestContract>(
    contract: C,
    payload: z.input<C['request']>,
    options: RequestOptions = {},
  ): Promise<z.output<C['reply']>> {
    return sendRequest(this.requests, contract, payload, options, this.measure);
  }

  /** Answers requests; `tokens` fills the subject's places. Nest controllers use @Serves instead. */
  serve<C extends AnyRequestContract>(
    contract: C,
    tokens: Readonly<Record<string, string>>,
    handler: (request: z.output<C['request']>) => Promise<z.input<C['reply']>>,
  ): { stop(): Promise<void> } {
    return serveRequests(this.control, this.controlCourier, contract, tokens, handler, (subject, error) =>
      this.logger.error({ subject, err: error }, 'a request handler failed'),
    );
  }

  /** Tells everybody who listens; may be lost. */
  publish<C extends EventContract<string, z.ZodType>>(
    contract: C,
    payload: z.input<C['payload']>,
    options: { tokens?: Record<string, string> } = {},
  ): void {
    this.controlCourier.send(fillSubject(contract.subject, options.tokens ?? {}), JSON.stringify(payload));
  }

  /** Listens to an event; without tokens, to all of its subjects. Payloads that do not fit the schema are dropped. */
  subscribe<C extends EventContract<string, z.ZodType>>(
    contract: C,
    handler: (payload: z.output<C['payload']>) => void,
    options: { tokens?: Record<string, string>; queue?: string } = {},
  ): { stop(): void } {
    const subject =
      options.tokens === undefined ? wildcardSubject(contract.subject) : fillSubject(contract.subject, options.tokens);
    const subscription = this.control.subscribe(subject, {
      ...(options.queue === undefined ? {} : { queue: options.queue }),
      callback: (error, message) => {
        if (error !== null) return;
        try {
          const parsed = contract.payload.safeParse(JSON.parse(message.string()));
          if (parsed.success) handler(parsed.data as z.output<C['payload']>);
          else this.logger.warn({ subject: message.subject }, 'an event of an unknown form was ignored');
        } catch (failure) {
          this.logger.error({ subject: message.subject, err: failure }, 'an event handler failed');
        }
      },
    });
    return { stop: () => subscription.unsubscribe() };
  }

  /** Resolves once JetStream has stored the event. */
  publishDurable<C extends DurableContract<string, z.ZodType>>(
    contract: C,
    payload: z.input<C['payload']>,
    options: DurableOptions,
  ): Promise<void> {
    return this.durable.publish(contract, payload, options);
  }

  /** Consumes durable events in batches; see ConsumeOptions. */
  consume(options: ConsumeOptions): Promise<Consuming> {
    return consumeDurable(this.control, options, (error) =>
      this.logger.warn({ durable: options.durable, err: error }, 'consuming failed, trying again'),
    );
  }

  bucket<S extends z.ZodType>(contract: BucketContract<S>): Promise<Bucket<z.output<S>>> {
    return Bucket.open(this.control, contract, this.replicas);
  }

  /** Serves token streams on a subject. */
  serveStreams(options: { subject: string; queue?: string; handle: StreamHandler }): { stop(): Promise<void> } {
    return this.senders.serve(options);
  }

  /** Takes no new token streams, for a shutdown; those that run go on. */
  stopTakingStreams(): Promise<void> {
    return this.senders.stopTaking();
  }

  /** Ends the token streams that are still served, for a shutdown that has waited long enough. */
  endStreams(): void {
    this.senders.endAll();
  }

  /** Opens a token stream; `signal` cancels it. */
  openStream(subject: string, open: InferOpen, options: { signal: AbortSignal }): ReceivedStream {
    const traceparent = activeTraceparent();
    return this.receivers.openStream(subject, open, traceparent === null ? {} : { traceparent }, options.signal);
  }

  /** Resolves once the server has seen everything said so far: subscriptions made before are in force. */
  async flush(): Promise<void> {
    this.handOver();
    await Promise.all([this.control.flush(), this.data.flush()]);
  }

  get connected(): boolean {
    return this.connectedNow;
  }

  /** Streams open in this process, both directions. */
  get openStreams(): number {
    return this.receivers.size + this.senders.size;
  }

  onStatus(handler: (connected: boolean) => void): void {
    this.statusHandlers.add(handler);
  }

  /** Sends what is buffered and closes. */
  async drain(): Promise<void> {
    this.receivers.stop();
    this.senders.stop();
    this.handOver();
    await Promise.allSettled([drainOrClose(this.data), drainOrClose(this.control)]);
    this.requests.stop();
  }

  private handOver(): void {
    this.controlCourier.flush();
    this.dataCourier.flush();
  }

  private async followStatus(): Promise<void> {
    for await (const status of this.control.status()) {
      if (status.type === 'disconnect') this.setConnected(false);
      else if (status.type === 'reconnect') {
        knowBusServer(this.control.getServer());
        this.setConnected(true);
      }
    }
  }

  private setConnected(connected: boolean): void {
    if (connected === this.connectedNow) return;
    this.connectedNow = connected;
    this.metrics.set('signalbox_bus_connected', {}, connected ? 1 : 0);
    if (connected) this.logger.info({}, 'the bus is back');
    else this.logger.warn({}, 'the bus is gone, reconnecting');
    for (const handler of this.statusHandlers) handler(connected);
  }
}

/** Draining needs the server; without it the connection is only closed. */
async function drainOrClose(connection: NatsConnection): Promise<void> {
  if (connection.isClosed()) return;
  const drained = connection.drain().then(
    () => true,
    () => false,
  );
  const late = new Promise<boolean>((resolve) => {
    setTimeout(() => resolve(false), 2_000).unref();
  });
  if (!(await Promise.race([drained, late]))) await connection.close();
}
