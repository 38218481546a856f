/** Writes an answer as a behaviour says: late, cut, broken or never. Knows nothing of any upstream's format. */
import type { ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import type { Behaviour, Cut, Refusal } from './behaviour.js';
import type { Exchange } from './fake-server.js';

/** A stream as its upstream sees it: the pieces of the answer, then what follows them, and how it says that it failed. */
export interface StreamPlan {
  readonly contentType: string;
  /** Sent at once with the headers. */
  readonly opening: readonly string[];
  readonly pieces: readonly (string | Uint8Array)[];
  readonly closing: readonly string[];
  readonly failure: (message: string) => string;
}

/** Sends a JSON body; resolves when it was handed over. */
export function sendJson(response: ServerResponse, status: number, body: unknown, headers: object = {}): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    ...headers,
  });
  response.end(text);
}

/** Sends a refusal as it is written. */
export function refuse(response: ServerResponse, { status, body, headers = {} }: Refusal): void {
  if (typeof body !== 'string') {
    sendJson(response, status, body, headers);
    return;
  }
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', ...headers });
  response.end(body);
}

/** Deals with what comes before an answer. Resolves with true if there is nothing left to answer. */
export async function isAnsweredOtherwise({ response, gone }: Exchange, behaviour: Behaviour): Promise<boolean> {
  await pause(behaviour.delayMs, gone);
  if (gone.aborted) return true;
  if (behaviour.instead === 'hang') return true;
  if (behaviour.instead === 'reset') {
    response.socket?.resetAndDestroy();
    return true;
  }
  if (behaviour.refuse !== undefined) {
    refuse(response, behaviour.refuse);
    return true;
  }
  if (behaviour.raw === undefined) return false;
  const { status, contentType, chunks } = behaviour.raw;
  response.writeHead(status, { 'content-type': contentType, ...behaviour.headers });
  const writer = new CutWriter(response, { by: 'item' });
  for (const chunk of chunks) await writer.write(chunk);
  response.end();
  return true;
}

/** Streams an answer; `sent` is called after each piece. */
export async function streamAnswer(
  { response, gone }: Exchange,
  behaviour: Behaviour,
  plan: StreamPlan,
  sent: () => void,
): Promise<void> {
  const writer = new CutWriter(response, behaviour.cut ?? { by: 'item' });
  const start = () => {
    if (!response.headersSent) response.writeHead(200, { 'content-type': plan.contentType, ...behaviour.headers });
  };
  if (plan.opening.length > 0) start();
  for (const item of plan.opening) await writer.write(item);
  for (const [index, piece] of plan.pieces.entries()) {
    if (index === behaviour.breakAfter?.pieces) break;
    await pause(behaviour.pieceDelayMs, gone);
    if (gone.aborted) return;
    start();
    await writer.write(piece);
    sent();
  }
  start();
  if (behaviour.breakAfter !== undefined) {
    await breakOff(response, writer, behaviour.breakAfter, plan);
    return;
  }
  for (const item of plan.closing) await writer.write(item);
  await writer.flush();
  response.end();
}

async function breakOff(
  response: ServerResponse,
  writer: CutWriter,
  { how, message = 'unexpected EOF' }: NonNullable<Behaviour['breakAfter']>,
  plan: StreamPlan,
): Promise<void> {
  if (how === 'error') await writer.write(plan.failure(message));
  if (how === 'garbage') await writer.write('{"this is": no JSON\n\n');
  await writer.flush();
  if (how === 'reset') response.socket?.resetAndDestroy();
  else if (how !== 'hang') response.end();
}

/** Waits, but no longer than the client is there. */
export async function pause(ms: number | undefined, gone: AbortSignal): Promise<void> {
  if (ms === undefined || ms <= 0) return;
  await wait(ms, undefined, { signal: gone }).catch(() => undefined);
}

/** Puts items into writes of another size, each a read of its own at the other end. */
class CutWriter {
  private held: Buffer[] = [];

  constructor(
    private readonly response: ServerResponse,
    private readonly cut: Cut,
  ) {}

  async write(item: string | Uint8Array): Promise<void> {
    const bytes = Buffer.from(item);
    if (this.cut.by === 'item') return this.put(bytes);
    if (this.cut.by === 'items') {
      this.held.push(bytes);
      return this.held.length >= this.cut.count ? this.flush() : undefined;
    }
    for (let at = 0; at < bytes.length; at += this.cut.size) await this.put(bytes.subarray(at, at + this.cut.size));
  }

  async flush(): Promise<void> {
    if (this.held.length === 0) return;
    const bytes = Buffer.concat(this.held);
    this.held = [];
    await this.put(bytes);
  }

  private async put(bytes: Buffer): Promise<void> {
    if (this.response.destroyed) return;
    const flushed = this.response.write(bytes);
    // A turn of the event loop lets the bytes leave by themselves; a full socket holds the upstream back, as a real one.
    await new Promise<void>((resolve) => {
      if (flushed) {
        setImmediate(resolve);
        return;
      }
      const done = () => {
        this.response.off('drain', done);
        this.response.off('close', done);
        resolve();
      };
      this.response.once('drain', done);
      this.response.once('close', done);
    });
  }
}
