/** The table of answer encoders: one line per client dialect, for streams and for whole answers. */
import { messageAnswer } from '../anthropic/message-object.js';
import { MessagesEncoder } from '../anthropic/stream-encoder.js';
import { responsesAnswer } from '../responses/response-object.js';
import { ResponsesEncoder } from '../responses/stream-encoder.js';
import { toBytes, type AnswerDialect, type AnswerEncoder, type EncoderOptions } from './answer-encoder.js';
import { chatAnswer } from './chat-answer.js';
import { ChatEncoder } from './chat-encoder.js';
import type { CollectedAnswer } from './collect-answer.js';
import { CompletionEncoder, completionAnswer } from './completion-answer.js';

interface DialectWriter {
  readonly stream: (options: EncoderOptions) => AnswerEncoder;
  readonly whole: (answer: CollectedAnswer, options: EncoderOptions) => object;
}

const writers: Record<AnswerDialect, DialectWriter> = {
  'openai-chat': { stream: (options) => new ChatEncoder(options), whole: chatAnswer },
  'openai-completion': { stream: (options) => new CompletionEncoder(options), whole: completionAnswer },
  'openai-responses': { stream: (options) => new ResponsesEncoder(options), whole: responsesAnswer },
  'anthropic-messages': { stream: (options) => new MessagesEncoder(options), whole: messageAnswer },
};

/** An encoder for one streamed answer. */
export function createEncoder(dialect: AnswerDialect, options: EncoderOptions): AnswerEncoder {
  return writers[dialect].stream(options);
}

/** A whole answer as the bytes of its JSON body. */
export function encodeWhole(dialect: AnswerDialect, answer: CollectedAnswer, options: EncoderOptions): Uint8Array {
  return toBytes(JSON.stringify(writers[dialect].whole(answer, options)));
}
