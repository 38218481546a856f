/**
 * Several durable events in one message: a server that syncs its files before it acknowledges takes a few hundred messages
 * a second, whatever their size. Only events that would have to wait for each other travel together; a consumer sees each
 * by itself.
 */
import type { JsMsg } from '@nats-io/jetstream';

/** Names a message that holds a batch; its value is the number of events. */
export const batchHeader = 'sb-batch';

/** One event of a batch. */
export interface BatchedEvent {
  readonly payload: unknown;
  readonly traceparent: string | null;
}

export const batchLimits = { events: 100, bytes: 400 * 1024 } as const;

/** The events of a batch; null where the payload is none. */
export function readBatch(payload: unknown): BatchedEvent[] | null {
  if (!Array.isArray(payload)) return null;
  return payload.map((entry: unknown) => {
    const traceparent: unknown = typeof entry === 'object' && entry !== null ? Reflect.get(entry, 't') : null;
    const event: unknown = typeof entry === 'object' && entry !== null ? Reflect.get(entry, 'p') : undefined;
    return { payload: event, traceparent: typeof traceparent === 'string' ? traceparent : null };
  });
}

/** One event as it stands in a batch: `payload` is JSON already. */
export function batchEntry(payload: string, traceparent: string | null): string {
  return `{"t":${JSON.stringify(traceparent)},"p":${payload}}`;
}

/**
 * The acknowledgement that the events of a batch share. The message is acknowledged once all of them are; one that is asked
 * for again brings all of them again, which does no harm, since every event has an id of its own.
 */
export class SharedAck {
  private open: number;
  private refused = false;

  constructor(
    private readonly message: Pick<JsMsg, 'ack' | 'nak'>,
    events: number,
  ) {
    this.open = events;
  }

  ack(): void {
    this.open -= 1;
    if (this.open === 0 && !this.refused) this.message.ack();
  }

  nak(delayMs: number): void {
    if (!this.refused) this.message.nak(delayMs);
    this.refused = true;
  }
}
