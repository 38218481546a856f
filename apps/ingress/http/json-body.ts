/** Reads a JSON body: a clear error instead of a parser's, and no prototype keys. Pure. */
import { GatewayError } from '#contracts';

/** The object in a body; throws invalid_request. */
export function readJsonObject(bytes: Uint8Array | null): Record<string, unknown> {
  if (bytes === null || bytes.byteLength === 0)
    throw new GatewayError('invalid_request', { message: 'The request has no body; a JSON object is expected.' });
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new GatewayError('invalid_request', { message: 'The request body is not valid UTF-8.' });
  }
  const value = parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new GatewayError('invalid_request', { message: 'The request body must be a JSON object.' });
  }
  return value as Record<string, unknown>;
}

function parse(text: string): unknown {
  try {
    const value: unknown = text.includes('__proto__') ? JSON.parse(text, dropPrototype) : JSON.parse(text);
    return value;
  } catch (error) {
    const why =
      error instanceof Error ? error.message.replace(/ in JSON.*$/s, '').replace(/, ".*$/s, '') : 'syntax error';
    throw new GatewayError('invalid_request', { message: `We could not parse the JSON body of your request: ${why}.` });
  }
}

function dropPrototype(key: string, value: unknown): unknown {
  return key === '__proto__' ? undefined : value;
}
