/**
 * A real HTTP server on a free port with a log of its own: what was asked, when, what was answered, and whether the
 * client went away. Tests compare the gateway's books with it.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { listen, originOf } from './listen.js';

export interface LoggedRequest {
  readonly number: number;
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
  /** The body as it came, for what is no text. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The body as JSON; undefined where it is none. */
  readonly body: unknown;
  /** All times are milliseconds of `performance.now()`. */
  readonly receivedAtMs: number;
  status: number | null;
  /** The whole answer was handed to the socket. */
  endedAtMs: number | null;
  /** The client went away before that. */
  abortedAtMs: number | null;
  /** What this upstream would bill: tokens of the prompt, and those that were sent before the end or the abort. */
  generated: { promptTokens: number; outputTokens: number } | null;
}

/** One request and the means to answer it. */
export interface Exchange {
  readonly request: LoggedRequest;
  readonly response: ServerResponse;
  /** Aborted when the client goes away. */
  readonly gone: AbortSignal;
}

export class FakeServer {
  readonly requests: LoggedRequest[] = [];
  private readonly server: Server;
  private readonly watchers = new Set<() => void>();
  private port = 0;

  constructor(private readonly answer: (exchange: Exchange) => Promise<void>) {
    this.server = createServer({ noDelay: true }, (request, response) => {
      this.exchange(request, response).catch(() => response.destroy());
    });
  }

  /** Listens on a free port, or on the one it had. Resolves with `http://127.0.0.1:PORT`. */
  async start(): Promise<string> {
    this.port = await listen(this.server, this.port);
    return this.url;
  }

  get url(): string {
    return originOf(this.port);
  }

  /** Cuts every connection and refuses new ones; `start` brings it back on the same port. */
  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** Requests to a path, oldest first. */
  to(path: string): LoggedRequest[] {
    return this.requests.filter((request) => request.path === path);
  }

  /** Resolves with the first request that fits, now or later: so that a test need not sleep. */
  async until(fits: (request: LoggedRequest) => boolean): Promise<LoggedRequest> {
    for (;;) {
      const found = this.requests.find(fits);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.watchers.add(resolve));
    }
  }

  private changed(): void {
    for (const wake of this.watchers) wake();
    this.watchers.clear();
  }

  private async exchange(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    const bytes = await bodyOf(incoming);
    const text = new TextDecoder().decode(bytes);
    const request: LoggedRequest = {
      number: this.requests.length,
      method: incoming.method ?? 'GET',
      path: (incoming.url ?? '/').split('?')[0] ?? '/',
      headers: incoming.headers,
      text,
      bytes,
      body: parsed(text),
      receivedAtMs: performance.now(),
      status: null,
      endedAtMs: null,
      abortedAtMs: null,
      generated: null,
    };
    response.once('close', () => {
      if (response.writableFinished) request.endedAtMs = performance.now();
      else request.abortedAtMs = performance.now();
      request.status = response.headersSent ? response.statusCode : null;
      gone.abort();
      this.changed();
    });
    this.requests.push(request);
    this.changed();
    await this.answer({ request, response, gone: gone.signal });
  }
}

async function bodyOf(incoming: IncomingMessage): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(Buffer.from(chunk));
  return Uint8Array.from(Buffer.concat(chunks));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
