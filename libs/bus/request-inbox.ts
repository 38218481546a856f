/**
 * Requests over one inbox subscription. The client library's own `request` makes two errors with stacks and three promises for
 * each call, also where all goes well: a tenth of what a request to the gateway costs.
 */
import { createInbox, type Msg, type MsgHdrs, type NatsConnection } from '@nats-io/transport-node';
import { BusFailure, type BusErrorType } from './bus-failure.js';
import type { Courier } from './courier.js';

interface Waiting {
  readonly subject: string;
  readonly timer: NodeJS.Timeout;
  readonly resolve: (reply: Msg) => void;
  readonly reject: (error: BusFailure) => void;
}

/** The status with which a server answers where nobody listens. */
const noRespondersStatus = 503;

export class RequestInbox {
  private readonly inbox = createInbox();
  private readonly waiting = new Map<string, Waiting>();
  private counter = 0;

  constructor(
    connection: NatsConnection,
    private readonly courier: Courier,
  ) {
    connection.subscribe(`${this.inbox}.*`, {
      callback: (error, message) => {
        if (error === null) this.take(message);
      },
    });
  }

  /** Resolves with the first reply; rejects with service_unavailable where nobody serves the subject or answers in time. */
  ask(subject: string, payload: string | Uint8Array, headers: MsgHdrs, deadlineMs: number): Promise<Msg> {
    this.counter += 1;
    const id = this.counter.toString(36);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.fail(id, 'bus_timeout'), deadlineMs);
      this.waiting.set(id, { subject, timer, resolve, reject });
      this.courier.send(subject, payload, { reply: `${this.inbox}.${id}`, headers }, (error) =>
        this.fail(id, 'bus_disconnected', error),
      );
    });
  }

  /** Fails what still waits, once the connection is closed. */
  stop(): void {
    for (const id of this.waiting.keys()) this.fail(id, 'bus_disconnected');
  }

  private take(message: Msg): void {
    const id = message.subject.slice(this.inbox.length + 1);
    if (message.data.length === 0 && message.headers?.code === noRespondersStatus) this.fail(id, 'bus_no_responders');
    else this.end(id)?.resolve(message);
  }

  private fail(id: string, type: BusErrorType, cause?: unknown): void {
    const ended = this.end(id);
    ended?.reject(new BusFailure(type, ended.subject, cause));
  }

  private end(id: string): Waiting | undefined {
    const found = this.waiting.get(id);
    if (found === undefined) return undefined;
    this.waiting.delete(id);
    clearTimeout(found.timer);
    return found;
  }
}
