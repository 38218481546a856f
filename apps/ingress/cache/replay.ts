/** A kept answer in the bytes of the dialect that this client speaks, streamed or whole. Pure. */
import type { CachedAnswer } from '#contracts';
import {
  answerId,
  collectedAnswer,
  createEncoder,
  encodeWhole,
  replayAnswer,
  type AnswerDialect,
  type EncoderOptions,
  type UpstreamUsage,
} from '#wire';

export interface ReplayOptions extends Omit<EncoderOptions, 'id' | 'created'> {
  readonly dialect: AnswerDialect | 'other';
  readonly stream: boolean;
  readonly requestId: string;
}

/** All bytes of the answer's body. The id is this request's own; `created` is when the model spoke. */
export function replayBytes(entry: CachedAnswer, options: ReplayOptions): Uint8Array {
  const { content } = entry;
  const { dialect, stream, requestId, ...shown } = options;
  if (content.kind === 'body' || dialect === 'other') {
    return Buffer.from(content.kind === 'body' ? content.text : JSON.stringify(content.answer));
  }
  const answer = collectedAnswer(content.answer);
  const id = answerId(dialect, requestId.replace(/[^A-Za-z0-9_-]/g, '-'));
  const encoderOptions: EncoderOptions = { ...shown, id, created: Math.floor(entry.storedAtMs / 1000) };
  if (!stream) return encodeWhole(dialect, answer, encoderOptions);
  const encoder = createEncoder(dialect, encoderOptions);
  const parts = [...replayAnswer(answer)].flatMap((event) => encoder.push(event) ?? []);
  return Buffer.concat([...parts, encoder.finish()]);
}

/** The tokens that the answer shows its client; nothing was used for it. */
export function shownUsage(entry: CachedAnswer): Pick<UpstreamUsage, 'inputTokens' | 'outputTokens'> {
  const { content } = entry;
  if (content.kind === 'body') return { inputTokens: content.inputTokens, outputTokens: 0 };
  return { inputTokens: content.answer.usage?.inputTokens ?? 0, outputTokens: content.answer.usage?.outputTokens ?? 0 };
}
