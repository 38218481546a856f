/**
 * Hands messages to a connection at the end of the tick, all of them at once: the client library writes to its socket in the
 * next microtask after a publish, so messages of many requests that are published one by one cost a system call each.
 */
import type { NatsConnection, PublishOptions } from '@nats-io/transport-node';

interface Letter {
  readonly subject: string;
  readonly payload: Uint8Array | string;
  readonly options: PublishOptions;
  readonly onFailure: ((error: unknown) => void) | null;
}

export class Courier {
  private letters: Letter[] = [];
  private beforeLeaving: (() => void)[] = [];
  private scheduled = false;

  constructor(private readonly connection: NatsConnection) {}

  /**
   * Sends a message with the others of this tick, in the order of the calls. Nothing is sent on a closed connection;
   * `onFailure` is told of that, and of a message that cannot be sent.
   */
  send(
    subject: string,
    payload: Uint8Array | string,
    options: PublishOptions = {},
    onFailure: ((error: unknown) => void) | null = null,
  ): void {
    this.letters.push({ subject, payload, options, onFailure });
    this.schedule();
  }

  /** Calls `write` once, before the messages of this tick leave: what it sends leaves with them. */
  atTickEnd(write: () => void): void {
    this.beforeLeaving.push(write);
    this.schedule();
  }

  /** Hands over now what waits. */
  flush(): void {
    this.scheduled = false;
    const writers = this.beforeLeaving;
    this.beforeLeaving = [];
    for (const write of writers) write();
    const letters = this.letters;
    this.letters = [];
    for (const letter of letters) this.hand(letter);
  }

  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    setImmediate(() => this.flush());
  }

  private hand({ subject, payload, options, onFailure }: Letter): void {
    try {
      this.connection.publish(subject, payload, options);
    } catch (error) {
      onFailure?.(error);
    }
  }
}
