/** Endpoints that are passed through to OpenAI-compatible upstreams: rerank, audio, images, moderations. */
import { File } from 'node:buffer';
import { FormData } from 'undici';
import { PassthroughDecoder, readOpenAiError, type FormPart, type RawRequest } from '#wire';
import type { InferOpen } from '#contracts';
import { clientErrorOf, type AnswerWriter } from './answer-writer.js';
import type { CallAddress, PreparedParts } from './openai-call.js';
import type { UpstreamRequest } from './http.client.js';

/** The call; the answer's bytes go to the client unchanged. */
export function rawCall(open: InferOpen, raw: RawRequest, address: CallAddress, nowMs: number): PreparedParts {
  const decoder = new PassthroughDecoder({ request: raw, inputTokens: open.inputTokens, nowMs });
  const { headers, body } = bodyOf(open, raw);
  return {
    kind: 'call',
    parts: {
      request: { method: 'POST', url: address.urlOf(raw.path), headers: { ...headers, ...address.headers }, body },
      decoder,
      writer: passthroughWriter(open),
      answerType: (answer) => decoder.head(answer),
      readError: (status, answer, text) => readOpenAiError(status, answer, text, nowMs),
    },
  };
}

function bodyOf({ attempt }: InferOpen, raw: RawRequest): Pick<UpstreamRequest, 'headers' | 'body'> {
  const dropped = new Set(attempt.additionalDropParams);
  if (raw.form !== null) {
    const kept = raw.form.filter(({ name }) => !dropped.has(name));
    return { headers: {}, body: formOf(kept, { model: attempt.upstreamModel, ...attempt.extraBody }) };
  }
  const kept = Object.entries(raw.json ?? {}).filter(([name]) => !dropped.has(name));
  const body = { ...Object.fromEntries(kept), model: attempt.upstreamModel, ...attempt.extraBody };
  return { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

function formOf(parts: readonly FormPart[], fields: Readonly<Record<string, unknown>>): FormData {
  const form = new FormData();
  // Fields first: servers that read a form as it comes know the model before the file.
  for (const [name, value] of Object.entries(fields)) {
    form.set(name, typeof value === 'string' ? value : JSON.stringify(value));
  }
  for (const part of parts) {
    if ('value' in part) form.append(part.name, part.value);
    else {
      const file = new File([Buffer.from(part.base64, 'base64')], part.filename, { type: part.contentType });
      form.append(part.name, file, part.filename);
    }
  }
  return form;
}

/** Bytes as they come. A stream of events that breaks off says so; of a file that is cut the connection must tell. */
function passthroughWriter(open: InferOpen): AnswerWriter {
  return {
    event: (event) => (event.type === 'bytes' ? event.bytes : null),
    finish: () => new Uint8Array(0),
    fail: (failure) => {
      if (!open.stream) return null;
      const { message, type, param, code } = clientErrorOf(failure, open.model);
      return Buffer.from(`event: error\ndata: ${JSON.stringify({ error: { message, type, param, code } })}\n\n`);
    },
  };
}
