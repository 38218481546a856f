/** Writes an answer to the client's socket: status late, backpressure, and word of a client that went away. */
import type { ServerResponse } from 'node:http';

/** Who takes nothing for so long is as good as gone, and holds up the host that answers. */
const longestStallMs = 300_000;

export class ResponseWriter {
  private readonly gone = new AbortController();

  constructor(private readonly response: ServerResponse) {
    response.on('close', () => {
      if (!response.writableEnded) this.gone.abort();
    });
    response.on('error', () => this.gone.abort());
    // Who left before anybody listened, while the key was looked up, is not told of again.
    if (response.closed && !response.writableEnded) this.gone.abort();
  }

  /** Aborts when the client goes away before the answer is complete. */
  get clientGone(): AbortSignal {
    return this.gone.signal;
  }

  /** True once status and headers are on their way. */
  get started(): boolean {
    return this.response.headersSent;
  }

  /** Sends status and headers; once only. */
  begin(status: number, headers: Readonly<Record<string, string>>): void {
    if (this.response.headersSent) return;
    this.response.writeHead(status, { ...headers });
  }

  /** Resolves when the socket takes more, or the client is gone. */
  write(bytes: Uint8Array): Promise<void> | null {
    if (this.gone.signal.aborted || this.response.writableEnded) return null;
    if (this.response.write(bytes)) return null;
    return new Promise((resolve) => {
      const stalled = setTimeout(() => this.response.destroy(), longestStallMs);
      const done = () => {
        clearTimeout(stalled);
        this.response.off('drain', done);
        this.gone.signal.removeEventListener('abort', done);
        resolve();
      };
      this.response.once('drain', done);
      this.gone.signal.addEventListener('abort', done, { once: true });
    });
  }

  /** Ends the body, with the last bytes where there are some. */
  end(bytes?: Uint8Array): void {
    if (!this.response.writableEnded) this.response.end(bytes);
  }

  /** Ends a body that is not complete in the one way that every client notices. */
  cut(): void {
    this.response.destroy();
  }

  /** A whole answer at once. */
  send(status: number, headers: Readonly<Record<string, string>>, body: Uint8Array): void {
    if (this.response.headersSent) return;
    this.response.writeHead(status, { ...headers, 'content-length': String(body.byteLength) });
    this.response.end(body);
  }
}
