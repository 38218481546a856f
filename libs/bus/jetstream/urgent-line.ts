/**
 * Events of one subject whose senders wait until they have left this process. They leave at once while few are on their way;
 * else those of a few milliseconds leave together, since a message of its own for each would keep the server busy with
 * acknowledging.
 */
export interface UrgentEvent {
  /** Called once the event was written to the server's socket. */
  readonly onSent: () => void;
}

/** Messages without an acknowledgement from which on events are gathered. */
const fewMessages = 2;
/** The longest that an event is held back, milliseconds. */
const gatherMs = 5;

export class UrgentLine<Event extends UrgentEvent> {
  private waiting: Event[] = [];
  private onTheirWay = 0;
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly parts: {
      /** Takes the events of one message off the list, at least one. */
      readonly take: (waiting: Event[]) => Event[];
      /** Resolves once the message was acknowledged or given up; never rejects. */
      readonly send: (batch: readonly Event[]) => Promise<void>;
      readonly isConnected: () => boolean;
    },
  ) {}

  push(event: Event): void {
    this.waiting.push(event);
    if (this.onTheirWay < fewMessages) this.flush();
    else this.timer ??= setTimeout(() => this.flush(), gatherMs);
  }

  private flush(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    while (this.waiting.length > 0) this.sendOne(this.parts.take(this.waiting));
  }

  private sendOne(batch: readonly Event[]): void {
    this.onTheirWay += 1;
    void this.parts.send(batch).then(() => {
      this.onTheirWay -= 1;
      if (this.onTheirWay < fewMessages) this.flush();
    });
    // The client writes to its socket in a microtask that stands before this one. Without a server it only keeps the events.
    if (this.parts.isConnected()) queueMicrotask(() => batch.forEach(({ onSent }) => onSent()));
  }
}
