/** Watches an answer go by for the queue's sake: when the model is loaded, how long that took, how fast tokens come. */
import type { StreamEvent, UpstreamDecoder } from '#wire';

export interface AnswerFigures {
  /** Time of the first bytes; null where none came. */
  readonly firstBytesAt: number | null;
  /** As the engine reports it, milliseconds. */
  readonly loadMs: number | null;
  readonly tokensPerSecond: number | null;
  readonly ended: boolean;
}

export class ObservedDecoder implements UpstreamDecoder {
  private firstBytesAt: number | null = null;
  private loadMs: number | null = null;
  private generateMs: number | null = null;
  private outputTokens = 0;
  private ended = false;

  constructor(
    private readonly inner: UpstreamDecoder,
    private readonly now: () => number,
    /** The engine gave its first sign of life. */
    private readonly onFirstBytes: () => void,
  ) {}

  push(bytes: Uint8Array): StreamEvent[] {
    const events = this.inner.push(bytes);
    if (this.firstBytesAt === null) {
      this.firstBytesAt = this.now();
      this.onFirstBytes();
    }
    this.note(events);
    return events;
  }

  end(): StreamEvent[] {
    const events = this.inner.end();
    this.note(events);
    return events;
  }

  get figures(): AnswerFigures {
    const { firstBytesAt, loadMs, generateMs, outputTokens, ended } = this;
    const seconds = (generateMs ?? 0) / 1000;
    return { firstBytesAt, loadMs, tokensPerSecond: seconds > 0 ? outputTokens / seconds : null, ended };
  }

  private note(events: readonly StreamEvent[]): void {
    for (const event of events) {
      if (event.type === 'timing') {
        this.loadMs = event.loadMs;
        this.generateMs = event.generateMs;
      } else if (event.type === 'usage') this.outputTokens = event.usage.outputTokens;
      else if (event.type === 'end') this.ended = true;
    }
  }
}
