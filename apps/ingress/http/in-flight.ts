/** The requests being served, so that a shutdown can wait for them and end what takes too long. */
import { Injectable } from '@nestjs/common';

@Injectable()
export class InFlight {
  private count = 0;
  private readonly ending = new AbortController();

  /** Aborts when the drain time is over: streams end with an error event. */
  get shutdown(): AbortSignal {
    return this.ending.signal;
  }

  get size(): number {
    return this.count;
  }

  enter(): void {
    this.count += 1;
  }

  leave(): void {
    this.count -= 1;
  }

  endAll(): void {
    this.ending.abort();
  }
}
