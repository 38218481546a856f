/** Decoders of answers that come whole: the body is collected and read at its end. */
import type { InferOpen } from '#contracts';
import {
  embeddingAnswer,
  EmbeddingRequest,
  upstreamFailure,
  type EmbeddingAnswer,
  type EmbeddingResult,
  type StreamEvent,
  type UpstreamDecoder,
} from '#wire';
import type { AnswerWriter } from './answer-writer.js';

/** A whole answer above this is no answer of a language model. */
const maxWholeBytes = 64 * 1024 * 1024;

const tooLarge = upstreamFailure({
  code: 'upstream_invalid_response',
  status: 200,
  message: 'The backend gave an answer of more than 64 MB.',
});

/** Collects the body and hands its text to `read`, once. */
export function wholeDecoder(read: (bodyText: string) => StreamEvent[]): UpstreamDecoder {
  const parts: Uint8Array[] = [];
  let size = 0;
  return {
    push: (bytes) => {
      size += bytes.byteLength;
      if (size > maxWholeBytes) return [{ type: 'failure', failure: tooLarge }];
      parts.push(bytes);
      return [];
    },
    end: () => read(Buffer.concat(parts).toString('utf8')),
  };
}

/** Decoder and writer of an embeddings call: vectors in, the client's JSON out. */
export function embeddingExchange(
  open: InferOpen,
  read: (bodyText: string) => EmbeddingAnswer,
): { decoder: UpstreamDecoder; writer: AnswerWriter } {
  let result: EmbeddingResult | null = null;
  const { encodingFormat } = EmbeddingRequest.parse(open.request);
  return {
    decoder: wholeDecoder((text) => {
      const answer = read(text);
      if (answer.kind === 'failure') return [{ type: 'failure', failure: answer.failure }];
      ({ result } = answer);
      return [{ type: 'usage', usage: result.usage }, { type: 'finish', choice: 0, reason: 'stop' }, { type: 'end' }];
    }),
    writer: {
      event: () => null,
      finish: () => Buffer.from(result === null ? '' : embeddingAnswer(result, { model: open.model, encodingFormat })),
      fail: () => null,
    },
  };
}
