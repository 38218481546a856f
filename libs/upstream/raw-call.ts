/** Endpoints that are passed through to OpenAI-compatible upstreams as they are: rerank, audio, images, moderations. */
import { readOpenAiError, type RawRequest, type StreamEvent } from '#wire';
import type { InferOpen } from '#contracts';
import type { CallAddress, PreparedParts } from './openai-call.js';

/** The call; the answer's bytes go to the client unchanged. */
export function rawCall(open: InferOpen, raw: RawRequest, address: CallAddress, nowMs: number): PreparedParts {
  const body =
    raw.json === null
      ? Buffer.from(raw.bodyBase64 ?? '', 'base64')
      : JSON.stringify({ ...raw.json, model: open.attempt.upstreamModel, ...open.attempt.extraBody });
  const pending: Uint8Array[] = [];
  return {
    kind: 'call',
    parts: {
      request: {
        method: 'POST',
        url: address.urlOf(raw.path),
        headers: { 'content-type': raw.contentType, ...address.headers },
        body,
      },
      decoder: {
        push: (bytes): StreamEvent[] => {
          pending.push(bytes);
          return [];
        },
        end: () => [{ type: 'finish', choice: 0, reason: 'stop' }, { type: 'end' }],
      },
      writer: { event: () => null, finish: () => Buffer.concat(pending), fail: () => null },
      readError: (status, headers, text) => readOpenAiError(status, headers, text, nowMs),
    },
  };
}
