/** Publishes durable events until they are acknowledged. */
import { jetstream } from '@nats-io/jetstream';
import { headers as natsHeaders, type NatsConnection } from '@nats-io/transport-node';
import type { z } from 'zod';
import type { DurableContract } from '#contracts';
import { activeTraceparent } from '#telemetry';
import { batchEntry, batchHeader, batchLimits } from './batch.js';
import { UrgentLine, type UrgentEvent } from './urgent-line.js';

const publishTimeoutMs = 2_000;

export interface DurableOptions {
  readonly messageId: string;
  /**
   * Called once the event has left this process: if that is killed now, the server has it all the same. Such an event
   * does not wait for others to be stored (urgent-line.ts).
   */
  readonly onSent?: () => void;
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

type Urgent = Waiting & UrgentEvent;

/** Publishes durable events, one message at a time for each subject: what comes meanwhile leaves together. */
export class DurablePublisher {
  private readonly lines = new Map<string, Line>();
  private readonly urgentLines = new Map<string, UrgentLine<Urgent>>();

  constructor(
    private readonly connection: NatsConnection,
    private readonly isConnected: () => boolean,
  ) {}

  /** Resolves once JetStream has stored the event; rejects on a timeout or a refusal. */
  publish<C extends DurableContract<string, z.ZodType>>(
    contract: C,
    payload: z.input<C['payload']>,
    { messageId, onSent }: DurableOptions,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      const json = JSON.stringify(payload);
      const event = { json, traceparent: activeTraceparent(), messageId, resolve, reject };
      if (onSent === undefined) this.enqueue(contract, event);
      else this.urgentLine(contract.subject).push({ ...event, onSent });
    });
  }

  private enqueue({ subject, gatherMs }: DurableContract<string, z.ZodType>, event: Waiting): void {
    const line = this.lines.get(subject) ?? { waiting: [], sending: false, sentAt: 0 };
    this.lines.set(subject, line);
    line.waiting.push(event);
    if (!line.sending) void this.send(subject, line, gatherMs ?? 0);
  }

  private async send(subject: string, line: Line, gatherMs: number): Promise<void> {
    line.sending = true;
    while (line.waiting.length > 0) {
      const waitMs = line.sentAt + gatherMs - performance.now();
      if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
      line.sentAt = performance.now();
      await this.sendBatch(subject, takeBatch(line.waiting));
    }
    line.sending = false;
  }

  private urgentLine(subject: string): UrgentLine<Urgent> {
    const known = this.urgentLines.get(subject);
    if (known !== undefined) return known;
    const made = new UrgentLine<Urgent>({
      take: takeBatch,
      send: (batch) => this.sendBatch(subject, batch),
      isConnected: this.isConnected,
    });
    this.urgentLines.set(subject, made);
    return made;
  }

  /** Resolves once every event of the batch was told what became of it. */
  private async sendBatch(subject: string, batch: readonly Waiting[]): Promise<void> {
    try {
      await this.sendMessage(subject, batch);
      for (const event of batch) event.resolve();
    } catch (error) {
      for (const event of batch) event.reject(error);
    }
  }

  private async sendMessage(subject: string, batch: readonly Waiting[]): Promise<void> {
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
    // Without an id of its own: events that are sent again meet others on the way, and two batches must never be taken for one.
    await client.publish(subject, body, { headers });
  }
}

/** As many as fit into one message; at least one. */
function takeBatch<Event extends Waiting>(waiting: Event[]): Event[] {
  let bytes = 0;
  let count = 0;
  for (const event of waiting) {
    bytes += event.json.length + 100;
    if (count === batchLimits.events || (count > 0 && bytes > batchLimits.bytes)) break;
    count += 1;
  }
  return waiting.splice(0, Math.max(1, count));
}
