/**
 * Reports what attempts used. An event that JetStream has not acknowledged lies in a spool file until it has, so that a
 * restart of the bus, or of this process, loses none.
 */
import type { Bus } from '#bus';
import { UsageClose, UsageOpen, type InferOpen, type UsageCloseEvent, type UsageOpenEvent } from '#contracts';
import { activeTraceId, busAttributes, outsideTraces, SpanKind, withSpan, type Logger, type Metrics } from '#telemetry';
import { isClose, UsageSpool, type SpooledEvent } from './usage-spool.client.js';

/** What the caller knows at the end; the rest comes from the opening. */
export type Closing = Omit<UsageCloseEvent, keyof UsageOpenEvent | 'endedAt' | 'source' | 'dataPolicy' | 'cacheHit'> &
  Partial<Pick<UsageCloseEvent, 'cacheHit'>>;

const retryMs = 1_000;
/** Events that neither JetStream nor the disk takes are kept in memory, the latest up to this many. */
const mostUnwritten = 10_000;

export class UsageReporter {
  private readonly spool: UsageSpool;
  private unwritten: SpooledEvent[] = [];
  private timer: NodeJS.Timeout | null = null;
  private retrying: Promise<void> | null = null;

  constructor(
    private readonly parts: {
      readonly bus: Pick<Bus, 'publishDurable' | 'connected'>;
      readonly logger: Logger;
      readonly metrics: Metrics;
      readonly source: 'worker' | 'ingress';
      /** The service that reports; its spool lies in this folder. */
      readonly service: string;
      readonly spoolFolder: string;
    },
  ) {
    this.spool = new UsageSpool(parts.spoolFolder, parts.service);
  }

  /** Takes up what an earlier process of this service left behind. */
  async start(): Promise<void> {
    this.parts.metrics.set('signalbox_usage_spooled', {}, 0);
    const events = await this.spool.start();
    if (events === 0) return;
    this.parts.logger.info({ events }, 'usage events of an earlier process are sent again');
    this.count();
    this.later();
  }

  /**
   * Says that an attempt begins. Resolves, and is never rejected, once that has left this process for the server's socket or
   * the disk: an upstream is only asked then. Where worker and ingress die together after it, the reaper knows of the attempt.
   */
  open(open: InferOpen): Promise<void> {
    const event = { ...attemptFacts(open), expiresAt: new Date(Date.now() + open.deadlineMs).toISOString() };
    const { promise: left, resolve: hasLeft } = Promise.withResolvers<void>();
    void this.send(event, hasLeft)
      .then((isStored) => (isStored ? undefined : this.keep(event)))
      .finally(hasLeft);
    return left;
  }

  /** Stores what an attempt used. True once JetStream has it, false while it lies in the spool. */
  async close(open: InferOpen, closing: Closing): Promise<boolean> {
    const event: UsageCloseEvent = {
      ...attemptFacts(open),
      cacheHit: false,
      ...closing,
      endedAt: new Date().toISOString(),
      source: this.parts.source,
      dataPolicy: open.attempt.dataPolicy,
    };
    if (await this.send(event)) return true;
    await this.keep(event);
    return false;
  }

  /** Tries once more for what waits; the rest stays on disk. */
  async stop(): Promise<void> {
    await this.retry();
    if (this.timer !== null) clearTimeout(this.timer);
  }

  /** False where JetStream does not have it. */
  private async send(event: SpooledEvent, onSent?: () => void): Promise<boolean> {
    const { bus, logger } = this.parts;
    const { attemptId } = event;
    try {
      // Without a server there is no acknowledgement to wait for.
      if (!bus.connected) return false;
      if (isClose(event)) {
        const messageId = `${attemptId}:close:${event.source}`;
        await sent(UsageClose.subject, () => bus.publishDurable(UsageClose, event, { messageId }));
      } else {
        const options = { messageId: `${attemptId}:open`, ...(onSent === undefined ? {} : { onSent }) };
        await sent(UsageOpen.subject, () => bus.publishDurable(UsageOpen, event, options));
      }
      return true;
    } catch (error) {
      logger.warn({ err: error, attemptId }, 'a usage event waits for the bus');
      return false;
    }
  }

  private async keep(event: SpooledEvent): Promise<void> {
    try {
      await this.spool.append(event);
    } catch (error) {
      this.parts.logger.error({ err: error }, 'the usage spool cannot be written');
      this.unwritten.push(event);
      if (this.unwritten.length > mostUnwritten) this.unwritten.shift();
    }
    this.count();
    this.later();
  }

  private later(): void {
    // What waits is of many requests: none of their traces is the one to tell of it.
    this.timer ??= outsideTraces(() =>
      setTimeout(() => {
        this.timer = null;
        void this.retry();
      }, retryMs),
    );
  }

  private retry(): Promise<void> {
    this.retrying ??= this.sendWaiting()
      .catch((error: unknown) => this.parts.logger.error({ err: error }, 'the usage spool cannot be read'))
      .finally(() => {
        this.retrying = null;
        this.count();
        if (this.waiting > 0) this.later();
      });
    return this.retrying;
  }

  private async sendWaiting(): Promise<void> {
    for (let file = await this.spool.oldest(); file !== null; file = await this.spool.oldest()) {
      if (!(await this.sendAll(file.events))) return;
      await file.remove();
    }
    const unwritten = this.unwritten;
    this.unwritten = [];
    if (!(await this.sendAll(unwritten))) this.unwritten.unshift(...unwritten);
  }

  /** The first one says whether the bus is there; the others follow together and share messages. */
  private async sendAll([first, ...others]: readonly SpooledEvent[]): Promise<boolean> {
    if (first === undefined) return true;
    if (!(await this.send(first))) return false;
    const results = await Promise.all(others.map((event) => this.send(event)));
    return results.every(Boolean);
  }

  private get waiting(): number {
    return this.spool.size + this.unwritten.length;
  }

  private count(): void {
    this.parts.metrics.set('signalbox_usage_spooled', {}, this.waiting);
  }
}

/** The publishing as a span, which the consumer links to. */
function sent(subject: string, publish: () => Promise<void>): Promise<void> {
  return withSpan(
    `send ${subject}`,
    { kind: SpanKind.PRODUCER, attributes: busAttributes('publish', subject) },
    publish,
  );
}

function attemptFacts(open: InferOpen) {
  const { attempt } = open;
  return {
    v: 1 as const,
    attemptId: open.attemptId,
    requestId: open.requestId,
    startedAt: open.receivedAt,
    payer: open.payer,
    modelAsked: open.model,
    modelGroup: attempt.modelGroup,
    upstreamModel: attempt.upstreamModel,
    deploymentId: attempt.deploymentId,
    backendId: attempt.backend.id,
    provider: attempt.backend.provider,
    endpoint: open.dialect,
    stream: open.stream,
    traceId: activeTraceId(),
  };
}
