/** Takes usage from the stream USAGE in batches; a message is acknowledged after its batch is committed, never before. */
import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Bus, type Backlog, type Consuming, type DurableMessage } from '#bus';
import { AlertUsageDead, GatewayError } from '#contracts';
import { Snapshots } from '#service';
import {
  busAttributes,
  Logger,
  Metrics,
  runInContext,
  contextFromTraceparent,
  SpanKind,
  startSpan,
  withSpan,
} from '#telemetry';
import { Database } from '../database/database.client.js';
import { isBadData } from '../database/sql-state.js';
import { DeadLetterStore } from './dead-letter.store.js';
import type { Settlement } from './settle.js';
import { usageCounts } from './usage-counters.js';
import { readUsage, type ReadUsage } from './usage-row.js';
import { UsageStore } from './usage.store.js';

/**
 * A batch costs as many statements as a single event does, sums of the same day and key are one row in it, and an attempt
 * that begins and ends in it is never written down as open: large ones are what makes a backlog short. Four thousand
 * events are some 5 MB, and post within a few hundred milliseconds.
 */
const batchSize = 4_000;
/** While the database works on one batch, the next is read; posted they are one after the other. */
const lanes = 2;
const mostDeliveries = 5;
/** Until a release that can read it is running. */
const newerDelayMs = 60_000;
const pendingEveryMs = 5_000;

type Readable = Extract<ReadUsage, { kind: 'close' | 'open' }>;
interface Item {
  readonly message: DurableMessage;
  readonly usage: Readable;
}

@Injectable()
export class UsageConsumer implements OnModuleInit, OnApplicationShutdown {
  private consuming: Consuming | null = null;
  private timer: NodeJS.Timeout | null = null;
  private stopped = false;
  private posting: Promise<void> = Promise.resolve();

  constructor(
    private readonly bus: Bus,
    private readonly database: Database,
    private readonly usage: UsageStore,
    private readonly deadLetters: DeadLetterStore,
    private readonly snapshots: Snapshots,
    private readonly logger: Logger,
    private readonly metrics: Metrics,
  ) {}

  onModuleInit(): void {
    const results = ['stored', 'corrected', 'duplicate', 'dead_letter'];
    this.metrics.expect('signalbox_usage_events_total', ...results.map((result) => ({ result })));
    this.start().catch((error: unknown) => this.logger.error({ err: error }, 'usage is not consumed'));
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopped = true;
    if (this.timer !== null) clearInterval(this.timer);
    await this.consuming?.stop();
  }

  /** Messages of usage that are not posted yet, here or at another replica; null while nobody knows. */
  async pending(): Promise<number | null> {
    return (await this.consuming?.pending()) ?? null;
  }

  private async start(): Promise<void> {
    await this.database.whenReady();
    if (this.stopped) return;
    this.consuming = await this.bus.consume({
      stream: 'USAGE',
      durable: 'accounting',
      batch: batchSize,
      lanes,
      handle: (messages) => this.handle(messages),
    });
    this.timer = setInterval(() => void this.reportPending(), pendingEveryMs).unref();
  }

  /** Posts a batch; each message ends acknowledged, asked for again, or in the table of dead letters. */
  async handle(messages: readonly DurableMessage[]): Promise<void> {
    const items: Item[] = [];
    for (const message of messages) {
      const usage = readUsage(message.subject, message.payload);
      if (usage.kind === 'newer') message.nak(newerDelayMs);
      else if (usage.kind === 'unreadable') await this.bury(message, usage.reason);
      else items.push({ message, usage });
    }
    if (items.length === 0) return;
    const turn = this.posting.then(() => this.traced(items, () => this.post(items)));
    this.posting = turn.catch(() => undefined);
    await turn;
  }

  private async post(items: readonly Item[]): Promise<void> {
    const startedMs = performance.now();
    try {
      const settlement = await this.usage.post(
        items.flatMap(({ usage }) => (usage.kind === 'close' ? usage.row : [])),
        items.flatMap(({ usage }) => (usage.kind === 'open' ? usage.open : [])),
      );
      for (const { message } of items) message.ack();
      this.metrics.observe('signalbox_usage_insert_duration_seconds', {}, (performance.now() - startedMs) / 1_000);
      this.count(settlement);
    } catch (error) {
      await this.postFailed(items, error);
    }
  }

  /** Values that the database refuses are found by halving the batch, so that one bad event holds up no other. */
  private async postFailed(items: readonly Item[], error: unknown): Promise<void> {
    const [only] = items;
    if (isBadData(error) && only !== undefined) {
      if (items.length === 1) return this.bury(only.message, error instanceof Error ? error.message : 'refused');
      const middle = Math.ceil(items.length / 2);
      await this.post(items.slice(0, middle));
      return this.post(items.slice(middle));
    }
    const away = error instanceof GatewayError && error.code === 'service_unavailable';
    this.logger.warn(
      { err: error, events: items.length },
      away ? 'usage waits for the database' : 'usage was not posted',
    );
    for (const { message } of items) message.nak(retryDelayMs(message.deliveryCount));
  }

  private async bury(message: DurableMessage, reason: string): Promise<void> {
    if (message.deliveryCount < mostDeliveries) return message.nak(retryDelayMs(message.deliveryCount));
    const { subject, sequence, place, deliveryCount: deliveries, payload } = message;
    try {
      await this.deadLetters.keep({ subject, sequence, place, deliveries, reason, payload });
      await this.bus.publishDurable(
        AlertUsageDead,
        { v: 1, at: new Date().toISOString(), subject, sequence, reason },
        { messageId: `usage_dead:${sequence}:${place}` },
      );
    } catch (error) {
      this.logger.warn({ err: error, subject, sequence }, 'an unreadable event could not be put away yet');
      return message.nak(retryDelayMs(deliveries));
    }
    message.term();
    this.metrics.count('signalbox_usage_events_total', { result: 'dead_letter' });
    this.logger.error({ subject, sequence, reason }, 'an event could not be read; it is in the table usage_dead');
  }

  private count(settlement: Settlement): void {
    const { charges, corrections, duplicates } = settlement;
    const results = { stored: charges.length, corrected: corrections.length, duplicate: duplicates };
    for (const [result, number] of Object.entries(results)) {
      if (number > 0) this.metrics.count('signalbox_usage_events_total', { result }, number);
    }
    for (const { model, provider, type, amount } of usageCounts(settlement)) {
      if (type === null) this.metrics.count('signalbox_cost_usd_total', { model, provider }, amount);
      else this.metrics.count('signalbox_tokens_total', { model, provider, type }, amount);
    }
  }

  /** One span for the batch, in a trace of its own that links to each request; or, if wished, a child in each request's. */
  private async traced(items: readonly Item[], work: () => Promise<void>): Promise<void> {
    const links = [...new Set(items.flatMap(({ message }) => message.traceparent ?? []))];
    const redelivered = Math.max(...items.map(({ message }) => message.deliveryCount));
    const attributes = {
      ...busAttributes('process', 'USAGE'),
      'messaging.consumer.group.name': 'accounting',
      'messaging.batch.message_count': items.length,
      ...(redelivered > 1 ? { 'gateway.bus.delivery_count': redelivered } : {}),
    };
    const children =
      this.snapshots.current()?.general.usageSpan === 'child'
        ? links.map((link) =>
            runInContext(contextFromTraceparent(link), () => startSpan('process usage', { kind: SpanKind.CONSUMER })),
          )
        : [];
    try {
      await withSpan('process usage', { kind: SpanKind.CONSUMER, attributes, links, begins: 'root' }, work);
    } finally {
      for (const span of children) span.end();
    }
  }

  private show({ waiting, oldestAt, usedShare, ...nats }: Backlog): void {
    this.metrics.set('signalbox_usage_pending', {}, waiting);
    const states = { pending: nats.undelivered, ack_pending: nats.unacknowledged, redelivered: nats.redelivered };
    for (const [state, messages] of Object.entries(states))
      this.metrics.set('signalbox_usage_consumer_messages', { state }, messages);
    this.metrics.set('signalbox_usage_stream_bytes', {}, nats.bytes);
    if (nats.maxBytes !== null) this.metrics.set('signalbox_usage_stream_limit_bytes', {}, nats.maxBytes);
    const waitedMs = oldestAt === null ? 0 : Math.max(0, Date.now() - oldestAt.getTime());
    this.metrics.set('signalbox_usage_oldest_pending_seconds', {}, waitedMs / 1000);
    this.metrics.set('signalbox_usage_stream_used_ratio', {}, usedShare);
  }

  private async reportPending(): Promise<void> {
    try {
      const backlog = await this.consuming?.backlog();
      if (backlog !== undefined) this.show(backlog);
      const purged = (await this.consuming?.makeRoom()) ?? 0;
      if (purged > 0) this.logger.info({ purged }, 'the stream of usage is nearly full: posted events make room');
    } catch (error) {
      this.logger.debug({ err: error }, 'the number of waiting usage events is not known');
    }
  }
}

/** 1, 2, 4 ... 30 seconds. */
function retryDelayMs(deliveryCount: number): number {
  return Math.min(30_000, 1_000 * 2 ** Math.min(deliveryCount - 1, 5));
}
