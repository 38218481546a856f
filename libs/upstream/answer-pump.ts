/**
 * Moves one answer from an upstream to the ingress: bytes -> events -> the client's dialect -> frames. Stops reading while
 * the ingress has no credit. Says how it ended; what that means for usage and retries is decided elsewhere.
 */
import type { StreamSender } from '#bus';
import { isContent, type StreamEvent, type UpstreamDecoder, type UpstreamFailure, type UpstreamUsage } from '#wire';
import type { AnswerTimers } from './answer-timers.js';
import type { AnswerWriter } from './answer-writer.js';
import { problemOf } from './http.client.js';

export interface PumpedAnswer {
  /** The upstream was asked at all. */
  readonly asked: boolean;
  /** null where the upstream finished. */
  readonly failure: UpstreamFailure | null;
  /** Nobody wants the answer any more. */
  readonly cancelled: boolean;
  /** The client has seen content of this attempt (or will, with the frames on their way). */
  readonly content: boolean;
  readonly usage: UpstreamUsage | null;
  readonly finishReason: string | null;
  readonly upstreamModel: string | null;
  /** The upstream's id of the answer. */
  readonly responseId: string | null;
  /** Monotonic milliseconds; null where none came. */
  readonly firstContentAt: number | null;
  readonly lastContentAt: number | null;
  /** Characters of output, for counting where the upstream does not. */
  readonly outputCharacters: number;
  readonly loadMs: number | null;
}

const emptyAnswer: UpstreamFailure = {
  code: 'upstream_invalid_response',
  status: 200,
  message: 'The backend gave an empty answer.',
  blame: 'backend',
  retryAfterMs: null,
};

export class AnswerPump {
  private asked = false;
  private failure: UpstreamFailure | null = null;
  private ended = false;
  private content = false;
  private usage: UpstreamUsage | null = null;
  private finishReason: string | null = null;
  private upstreamModel: string | null = null;
  private responseId: string | null = null;
  private firstContentAt: number | null = null;
  private lastContentAt: number | null = null;
  private outputCharacters = 0;
  private loadMs: number | null = null;

  constructor(
    private readonly parts: {
      readonly decoder: UpstreamDecoder;
      readonly writer: AnswerWriter;
      readonly stream: StreamSender;
      readonly timers: AnswerTimers;
      readonly now: () => number;
      /** Told how long each piece of content took after the one before, milliseconds; where nobody asks, absent. */
      readonly onGap?: (milliseconds: number) => void;
    },
  ) {}

  /** Notes that the upstream is asked now. */
  begin(): void {
    this.asked = true;
  }

  /** Reads `body` to its end, or until a failure or a cancellation. Never throws. The end of the answer is not sent yet. */
  async run(body: AsyncIterable<Uint8Array>): Promise<void> {
    const { decoder, stream, timers } = this.parts;
    try {
      for await (const bytes of body) {
        const events = decoder.push(bytes);
        timers.bytes(events.some(isContent));
        await this.take(events);
        if (this.failure !== null || this.ended || stream.signal.aborted) break;
      }
      if (this.failure === null && !this.ended && !stream.signal.aborted) await this.take(decoder.end());
    } catch (error) {
      this.fail(error);
    } finally {
      timers.stop();
    }
    if (this.failure === null && !stream.signal.aborted && !this.isAnswer()) this.failure = emptyAnswer;
  }

  /** Takes the failure of a call that gave no answer at all. */
  fail(error: unknown): void {
    const { timers, stream } = this.parts;
    if (this.failure !== null || stream.signal.aborted) return;
    this.failure = problemOf(timers.signal.aborted ? timers.signal.reason : error).failure;
  }

  /** Takes the upstream's refusal. */
  refuse(failure: UpstreamFailure): void {
    this.failure ??= failure;
  }

  /** Puts into the answer what was counted, where the upstream did not say what it used: clients read it without asking whether it is there. */
  tellCounted(tokens: Omit<UpstreamUsage, 'costUsd' | 'units' | 'counted'>): void {
    if (this.usage !== null || this.failure !== null) return;
    const { inputTokens, outputTokens, cachedInputTokens, cacheWriteTokens, reasoningTokens } = tokens;
    const counted = { inputTokens, outputTokens, cachedInputTokens, cacheWriteTokens, reasoningTokens };
    this.parts.writer.event({ type: 'usage', usage: { ...counted, costUsd: null, counted: true } });
  }

  /** Sends the last bytes of the answer; nothing to nobody. */
  async finish(): Promise<void> {
    const { writer, stream } = this.parts;
    if (stream.signal.aborted) return;
    if (this.failure !== null) {
      const inBand = this.content ? writer.fail(this.failure) : null;
      if (inBand !== null) await stream.data(inBand, { content: true, last: true });
      return;
    }
    this.content = true;
    await stream.data(writer.finish(), { content: true, last: true });
  }

  get result(): PumpedAnswer {
    const {
      asked,
      failure,
      content,
      usage,
      finishReason,
      upstreamModel,
      responseId,
      firstContentAt,
      lastContentAt,
      outputCharacters,
      loadMs,
    } = this;
    return {
      asked,
      failure,
      cancelled: this.parts.stream.signal.aborted,
      content,
      usage,
      finishReason,
      upstreamModel,
      responseId,
      firstContentAt,
      lastContentAt,
      outputCharacters,
      loadMs,
    };
  }

  /** A model may say nothing, but then it has used tokens or names why it stopped. */
  private isAnswer(): boolean {
    return (
      this.firstContentAt !== null ||
      (this.ended && ((this.usage?.outputTokens ?? 0) > 0 || this.finishReason !== null))
    );
  }

  private async take(events: readonly StreamEvent[]): Promise<void> {
    const { writer, stream, timers } = this.parts;
    const out: Uint8Array[] = [];
    let content = false;
    for (const event of events) {
      this.note(event);
      if (event.type === 'failure') break;
      content ||= isContent(event);
      const bytes = writer.event(event);
      if (bytes !== null) out.push(bytes);
    }
    const [first] = out;
    if (first === undefined) return;
    this.content ||= content;
    timers.pause();
    await stream.data(out.length === 1 ? first : Buffer.concat(out), { content });
    timers.resume();
  }

  private note(event: StreamEvent): void {
    switch (event.type) {
      case 'start':
        this.upstreamModel = event.model;
        this.responseId = event.id;
        break;
      case 'usage':
        this.usage = event.usage;
        break;
      case 'finish':
        this.finishReason = event.reason;
        break;
      case 'failure':
        this.failure = event.failure;
        break;
      case 'end':
        this.ended = true;
        break;
      case 'timing':
        this.loadMs = event.loadMs;
        break;
      case 'text-delta':
      case 'reasoning-delta':
      case 'refusal-delta':
        this.noteContent(event.text.length);
        break;
      case 'bytes':
        if (event.bytes.byteLength > 0) this.noteTime();
        break;
      case 'tool-call-delta':
        this.noteContent(event.arguments.length);
        break;
      case 'tool-call-start':
        this.noteContent(event.name.length);
        break;
      case 'native-block':
        this.noteTime();
        break;
      case 'reasoning-signature':
      case 'annotations':
        break;
    }
  }

  private noteContent(characters: number): void {
    if (characters === 0) return;
    this.noteTime();
    this.outputCharacters += characters;
  }

  private noteTime(): void {
    const before = this.lastContentAt;
    this.lastContentAt = this.parts.now();
    if (before !== null) this.parts.onGap?.(this.lastContentAt - before);
    this.firstContentAt ??= this.lastContentAt;
  }
}
