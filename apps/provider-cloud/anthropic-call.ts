/** Calls of Anthropic's messages API. */
import { randomBytes } from 'node:crypto';
import type { InferOpen } from '#contracts';
import {
  answerWriterFor,
  chatDialectOf,
  neutralRequestOf,
  refusalOf,
  wholeDecoder,
  writeOptionsOf,
  type CallAddress,
  type PreparedParts,
} from '#upstream';
import {
  AnthropicDecoder,
  readAnthropicAnswer,
  readAnthropicError,
  upstreamFailure,
  writeAnthropicCompletion,
  writeAnthropicMessages,
} from '#wire';

/** `refused` for what Anthropic has no endpoint for, and for what it cannot express. */
export function prepareAnthropicCall(open: InferOpen, address: CallAddress, nowMs: number): PreparedParts {
  const neutral = neutralRequestOf(open);
  if (neutral.kind === 'refused') return neutral;
  if (neutral.kind === 'embedding' || neutral.kind === 'raw') {
    const message = `The model '${open.model}' is Anthropic's, which has no endpoint for ${neutral.kind === 'raw' ? neutral.request.path : 'embeddings'}.`;
    return { kind: 'refused', failure: upstreamFailure({ code: 'invalid_request', status: null, message }) };
  }
  const { maxOutputTokens } = open.attempt;
  const writing = { ...writeOptionsOf(open), ...(maxOutputTokens === null ? {} : { maxOutputTokens }) };
  const written =
    neutral.kind === 'chat'
      ? writeAnthropicMessages(neutral.request, writing)
      : writeAnthropicCompletion(neutral.request, writing);
  const failure = refusalOf(open, written);
  if (failure !== null) return { kind: 'refused', failure };
  const options = {
    makeId: () => `toolu_${randomBytes(12).toString('hex')}`,
    ...(written.answerTool === undefined ? {} : { answerTool: written.answerTool }),
  };
  return {
    kind: 'call',
    parts: {
      request: {
        method: 'POST',
        url: address.urlOf('messages'),
        headers: { 'content-type': 'application/json', ...written.headers, ...address.headers },
        body: JSON.stringify(written.body),
      },
      decoder: open.stream ? new AnthropicDecoder(options) : wholeDecoder((text) => readAnthropicAnswer(text, options)),
      writer: answerWriterFor(
        open,
        neutral.kind === 'chat' ? chatDialectOf(open) : 'openai-completion',
        Math.floor(nowMs / 1000),
      ),
      readError: (status, headers, text) => readAnthropicError(status, headers, text, nowMs),
    },
  };
}
