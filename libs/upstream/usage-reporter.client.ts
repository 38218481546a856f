/**
 * Reports what attempts used. An event that JetStream has not acknowledged lies in a spool file until it has, so that a
 * restart of the bus, or of this process, loses none.
 */
import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Bus } from '#bus';
import { UsageClose, UsageOpen, type InferOpen, type UsageCloseEvent, type UsageOpenEvent } from '#contracts';
import { activeTraceId, SpanKind, withSpan, type Logger, type Metrics } from '#telemetry';

/** What the caller knows at the end; the rest comes from the opening. */
export type Closing = Omit<UsageCloseEvent, keyof UsageOpenEvent | 'endedAt' | 'source' | 'dataPolicy' | 'cacheHit'>;

const retryMs = 1_000;
/** Events in memory beyond this are only on disk; they come back at the next start. */
const maxWaiting = 50_000;

export class UsageReporter {
  private readonly waiting = new Map<string, UsageCloseEvent>();
  private timer: NodeJS.Timeout | null = null;
  private writing: Promise<void> = Promise.resolve();

  constructor(
    private readonly parts: {
      readonly bus: Bus;
      readonly logger: Logger;
      readonly metrics: Metrics;
      readonly source: 'worker' | 'ingress';
      /** File of this process; its folder is made. */
      readonly spoolFile: string;
    },
  ) {}

  /** Takes up what an earlier run of this process left behind. */
  async start(): Promise<void> {
    await mkdir(dirname(this.parts.spoolFile), { recursive: true });
    const text = await readFile(this.parts.spoolFile, 'utf8').catch(() => '');
    for (const line of text.split('\n')) {
      const event = parseLine(line);
      if (event !== null) this.waiting.set(event.attemptId, event);
    }
    if (this.waiting.size === 0) return;
    this.parts.logger.info({ events: this.waiting.size }, 'usage events of an earlier run are sent again');
    this.later();
  }

  /** Says that an attempt begins; a lost one only costs the reaper's help. */
  async open(open: InferOpen): Promise<void> {
    const payload = { ...attemptFacts(open), expiresAt: new Date(Date.now() + open.deadlineMs).toISOString() };
    try {
      await sent(UsageOpen.subject, () =>
        this.parts.bus.publishDurable(UsageOpen, payload, { messageId: `${open.attemptId}:open` }),
      );
    } catch (error) {
      this.parts.logger.warn({ err: error, attemptId: open.attemptId }, 'a usage event could not be sent');
    }
  }

  /** Stores what an attempt used. True once JetStream has it, false while it lies in the spool. */
  async close(open: InferOpen, closing: Closing): Promise<boolean> {
    const event: UsageCloseEvent = {
      ...attemptFacts(open),
      ...closing,
      endedAt: new Date().toISOString(),
      source: this.parts.source,
      dataPolicy: open.attempt.dataPolicy,
      cacheHit: false,
    };
    if (await this.send(event)) return true;
    await this.spool(event);
    return false;
  }

  /** Tries once more for what waits; the rest stays on disk. */
  async stop(): Promise<void> {
    if (this.timer !== null) clearTimeout(this.timer);
    await this.retry();
    if (this.timer !== null) clearTimeout(this.timer);
    await this.writing;
  }

  private async send(event: UsageCloseEvent): Promise<boolean> {
    try {
      await sent(UsageClose.subject, () =>
        this.parts.bus.publishDurable(UsageClose, event, { messageId: `${event.attemptId}:close:${event.source}` }),
      );
      return true;
    } catch (error) {
      this.parts.logger.warn({ err: error, attemptId: event.attemptId }, 'a usage event waits for the bus');
      return false;
    }
  }

  private async spool(event: UsageCloseEvent): Promise<void> {
    if (this.waiting.size < maxWaiting) this.waiting.set(event.attemptId, event);
    this.parts.metrics.set('signalbox_usage_spooled', {}, this.waiting.size);
    this.writing = this.writing.then(() =>
      appendFile(this.parts.spoolFile, `${JSON.stringify(event)}\n`).catch((error: unknown) =>
        this.parts.logger.error({ err: error }, 'the usage spool cannot be written'),
      ),
    );
    await this.writing;
    this.later();
  }

  private later(): void {
    this.timer ??= setTimeout(() => {
      this.timer = null;
      void this.retry();
    }, retryMs);
  }

  private async retry(): Promise<void> {
    for (const [attemptId, event] of this.waiting) {
      if (!(await this.send(event))) break;
      this.waiting.delete(attemptId);
    }
    this.parts.metrics.set('signalbox_usage_spooled', {}, this.waiting.size);
    if (this.waiting.size > 0) this.later();
    else this.writing = this.writing.then(() => writeFile(this.parts.spoolFile, '').catch(() => {}));
    await this.writing;
  }
}

/** The publishing as a span, which the consumer links to. */
function sent(subject: string, publish: () => Promise<void>): Promise<void> {
  const attributes = {
    'messaging.system': 'nats',
    'messaging.operation.name': 'publish',
    'messaging.operation.type': 'send',
    'messaging.destination.name': subject,
  };
  return withSpan(`send ${subject}`, { kind: SpanKind.PRODUCER, attributes }, publish);
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

function parseLine(line: string): UsageCloseEvent | null {
  if (line === '') return null;
  try {
    const parsed = UsageClose.payload.safeParse(JSON.parse(line));
    return parsed.success ? parsed.data : null;
  } catch {
    // The last line of a process that was killed while it wrote.
    return null;
  }
}
