/** Errors of Ollama: a status, and `{"error": "text"}` whose text may be JSON of the runner once more. */
import type { UpstreamFailure } from '../neutral/stream-event.js';
import { type FailureFields, meaningOfStatus, saysContextExceeded, upstreamFailure } from '../upstream/failure.js';
import { isRecord, parseJson, textOf } from '../upstream/loose-json.js';

interface OllamaError {
  readonly message: string;
  readonly type: string | null;
}

/** What an error answer of /api/* (or of the /v1 layer) means. */
export function readOllamaError(status: number, bodyText: string): UpstreamFailure {
  const { message, type } = errorOf(bodyText);
  const text = message.length === 0 ? `Ollama answered with status ${status}.` : withoutRegistry(message);
  const fields = meaningOfText(text, type) ?? meaningOf(status, text);
  return upstreamFailure({ ...fields, status, message: fields.message ?? text });
}

/** The failure of an error line in a stream whose status was 200. */
export function readOllamaErrorLine(error: unknown): UpstreamFailure {
  const { message, type } = innerError(typeof error === 'string' ? error : (JSON.stringify(error) ?? ''));
  const text = message.length === 0 ? 'Ollama broke the answer off.' : withoutRegistry(message);
  const fields = meaningOfText(text, type) ?? { code: 'upstream_error' as const };
  return upstreamFailure({ ...fields, status: 200, message: fields.message ?? text });
}

function errorOf(bodyText: string): OllamaError {
  const body = parseJson(bodyText);
  if (!isRecord(body)) return { message: /^\s*</u.test(bodyText) ? '' : bodyText, type: null };
  const error = body['error'];
  if (typeof error === 'string') return innerError(error);
  if (isRecord(error)) return { message: textOf(error['message']) ?? '', type: textOf(error['type']) };
  return { message: textOf(body['message']) ?? '', type: null };
}

/** The runner's answer comes as a string inside `error`. */
function innerError(text: string): OllamaError {
  if (text.startsWith('{')) {
    const inner = parseJson(text);
    const error = isRecord(inner) ? (inner['error'] ?? inner) : null;
    if (isRecord(error)) return { message: textOf(error['message']) ?? text, type: textOf(error['type']) };
  }
  return { message: text, type: null };
}

/** `registry.ollama.ai/library/x does not support insert`: the client knows the model by its name alone. */
function withoutRegistry(text: string): string {
  return text.replaceAll('registry.ollama.ai/library/', '').replaceAll('registry.ollama.ai/', '');
}

type Meaning = Pick<FailureFields, 'code' | 'param' | 'blame'> & { message?: string };

/** Texts that say more than their status. */
function meaningOfText(text: string, type: string | null): Meaning | null {
  if (type === 'exceed_context_size_error' || saysContextExceeded(text)) return { code: 'context_length_exceeded' };
  // A wrong type of an option and an unknown format are 500, and still the client's.
  const option = /^option "(\w+)" must be of type/u.exec(text)?.[1];
  if (option !== undefined) return { code: 'invalid_request', param: option };
  if (text.startsWith('invalid format:')) return { code: 'invalid_request', param: 'response_format' };
  if (/model ['"].*['"] not found/u.test(text)) return { code: 'model_not_found' };
  const missing = /does not support (tools|thinking|insert|chat|generate|completion|embed\w*)/u.exec(text)?.[1];
  if (missing !== undefined) return unsupported(missing);
  if (/does not support embeddings/u.test(text)) return unsupported('embeddings');
  if (/does not support multimodal/iu.test(text)) return { code: 'unsupported_parameter', param: 'messages' };
  if (/server busy|maximum pending requests/u.test(text)) return { code: 'backend_overloaded' };
  return null;
}

const paramOf: Readonly<Record<string, string>> = { tools: 'tools', thinking: 'reasoning_effort', insert: 'suffix' };

function unsupported(what: string): Meaning {
  const param = paramOf[what];
  if (param !== undefined) return { code: 'unsupported_parameter', param };
  const isEmbedding = what.startsWith('embed');
  return isEmbedding
    ? { code: 'invalid_request', message: 'The model does not support embeddings.' }
    : { code: 'invalid_request' };
}

function meaningOf(status: number, text: string): Meaning & Pick<FailureFields, 'account'> {
  if (status === 403 && /cloud is disabled/u.test(text)) return { code: 'model_not_found' };
  if (status === 501) return { code: 'invalid_request' };
  return meaningOfStatus(status);
}
