/**
 * Hands one answer to one client: status and headers with the first content, then bytes as they come. Streams that wait
 * in a host's queue get comments, which every client skips. Whole answers are collected first, so that their headers can
 * name the cost and a failure in their middle still leads to the next attempt. Where an endpoint is passed through, the
 * upstream's content type decides: JSON and text come whole, files and events as they come.
 */
import { GatewayError, isErrorCode, namingModel, type QueuedNotice, type StreamFailure } from '#contracts';
import { createEncoder, isEventStreamType, isWholeType, type AnswerDialect } from '#wire';
import type { ResponseWriter } from '../http/sse-writer.js';

/** An SSE comment and the empty line after it: some clients read event by event. */
const sseComment = (text: string) => Buffer.from(`: ${text}\n\n`);

const eventStream = 'text/event-stream; charset=utf-8';
/** A line end would begin a field of the event stream. */
const oneLine = (text: string) => text.replace(/\s+/g, ' ').slice(0, 200);

const keepAliveMs = 15_000;
/** Shorter waits are not worth sending the status early for. */
const commentAfterMs = 1_000;

export interface DeliveryOptions {
  readonly stream: boolean;
  readonly dialect: AnswerDialect | 'other';
  readonly model: string;
  readonly requestId: string;
  readonly queueComments: boolean;
  /** Headers as of now; asked for once, when they are sent. */
  readonly headers: () => Record<string, string>;
  readonly now: () => number;
}

export class Delivery {
  private readonly whole: Uint8Array[] = [];
  private readonly startedAt: number;
  private keepAlive: NodeJS.Timeout | null = null;
  private complete = false;
  private contentSent = false;
  /** What the upstream says that its bytes are; null where the dialect says it. */
  private contentType: string | null = null;

  constructor(
    private readonly writer: ResponseWriter,
    private readonly options: DeliveryOptions,
  ) {
    this.startedAt = options.now();
  }

  /** True once the client has all of the answer. */
  get done(): boolean {
    return this.complete;
  }

  /** The next bytes are of this content type. */
  head(contentType: string): void {
    this.contentType = contentType;
  }

  private get streams(): boolean {
    return this.contentType === null ? this.options.stream : !isWholeType(this.contentType);
  }

  /** Says where the request stands in a queue. Whoever waits for a file cannot be told. */
  queued(notice: QueuedNotice): void {
    const { options } = this;
    if (options.dialect === 'other') return;
    const worthwhile = options.now() - this.startedAt > commentAfterMs || (notice.estimateMs ?? 0) > commentAfterMs;
    if (!options.stream || !options.queueComments || !worthwhile || this.contentSent) return;
    this.begin();
    const estimate = notice.estimateMs === null ? '' : ` estimate=${Math.ceil(notice.estimateMs / 1000)}s`;
    const place = `queued position=${notice.position}${estimate}`;
    void this.writer.write(sseComment(notice.reason === null ? place : oneLine(notice.reason)));
  }

  /** Passes bytes on; waits while the client's socket is full. */
  async bytes(bytes: Uint8Array, last: boolean): Promise<void> {
    if (this.complete) return;
    if (!this.streams) {
      this.whole.push(bytes);
      if (last) this.sendWhole();
      return;
    }
    this.begin();
    this.contentSent = true;
    this.keepAlive?.refresh();
    if (last) this.end(bytes);
    else await this.writer.write(bytes);
  }

  /** The attempt ended without saying that its last bytes were the last. */
  finish(): void {
    if (this.complete) return;
    if (this.streams) this.end();
    else this.sendWhole();
  }

  /** Tells a failure: inside the stream where that has begun (and the worker has not done so), else by throwing it. */
  fail(failure: StreamFailure): void {
    const error = gatewayErrorOf(failure, this.options.model);
    if (!this.writer.started) throw error;
    if (this.complete) return;
    if (this.isFile) {
      this.complete = true;
      this.stop();
      this.writer.cut();
      return;
    }
    this.end(failure.details['inBand'] === true ? undefined : this.inBand(error));
  }

  stop(): void {
    if (this.keepAlive !== null) clearInterval(this.keepAlive);
  }

  /** Bytes that can hold no word of ours: what is wrong with them shows only in how the connection ends. */
  private get isFile(): boolean {
    return this.contentType !== null && !isEventStreamType(this.contentType);
  }

  private begin(): void {
    if (this.writer.started) return;
    const contentType = this.contentType ?? eventStream;
    const pacing = { 'cache-control': 'no-cache', 'x-accel-buffering': 'no' };
    this.writer.begin(200, { ...this.options.headers(), 'content-type': contentType, ...(this.isFile ? {} : pacing) });
    if (this.isFile) return;
    this.keepAlive = setInterval(() => void this.writer.write(sseComment('keep-alive')), keepAliveMs);
  }

  private end(bytes?: Uint8Array): void {
    this.complete = true;
    this.stop();
    this.writer.end(bytes);
  }

  private sendWhole(): void {
    this.complete = true;
    const [first] = this.whole;
    const body = this.whole.length === 1 && first !== undefined ? first : Buffer.concat(this.whole);
    this.writer.send(200, { ...this.options.headers(), 'content-type': this.contentType ?? 'application/json' }, body);
  }

  private inBand(error: GatewayError): Uint8Array | undefined {
    const { dialect, model, requestId } = this.options;
    if (dialect === 'other') return undefined;
    const encoder = createEncoder(dialect, { id: requestId, created: 0, model, includeUsage: false });
    const { entry } = error;
    return encoder.fail({
      message: error.message,
      type: entry.type,
      anthropicType: entry.anthropicType,
      param: error.details.param ?? null,
      code: error.code,
      requestId,
    });
  }
}

/** The failure of the last attempt as the client's error. An upstream's 404 for one host means that no host can serve it. */
export function gatewayErrorOf(failure: StreamFailure, model: string): GatewayError {
  const code = isErrorCode(failure.code) ? failure.code : 'upstream_error';
  const details = {
    ...failure.details,
    model,
    ...(failure.retryAfterMs === null ? {} : { retryAfterMs: failure.retryAfterMs }),
  };
  if (code === 'model_not_found' || code === 'service_unavailable' || code === 'upstream_unreachable') {
    const { adminText, message } = failure.details as { adminText?: string; message?: string };
    const why = adminText ?? message;
    return new GatewayError('no_healthy_backend', {
      model,
      retryAfterMs: failure.retryAfterMs ?? 5_000,
      ...(why === undefined ? {} : { adminText: why }),
    });
  }
  return namingModel(new GatewayError(code, details), model);
}
