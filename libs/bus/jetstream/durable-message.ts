/** A durable event as its consumer sees it, alone in its message or among others. */
import type { JsMsg } from '@nats-io/jetstream';
import { batchHeader, readBatch, SharedAck } from './batch.js';

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

/** The events of a message: one, or those of a batch. */
export function durableMessages(message: JsMsg): DurableMessage[] {
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
