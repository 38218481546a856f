/** Refusals of requests that reach no handler: paths that cannot be decoded, headers that are none or too many. Pure. */
import { STATUS_CODES } from 'node:http';
import { GatewayError } from '#contracts';
import { errorDialectOf } from './client-dialect.js';
import { errorAnswer } from './error-body.js';

export interface Refusal {
  readonly status: number;
  readonly body: string;
}

/** The answer to a path with a `%` that encodes nothing. */
export function badPath(url: string): Refusal {
  const path = url.split('?')[0] ?? '/';
  const message = 'The URL cannot be decoded: a % in it is not followed by two hexadecimal digits of UTF-8.';
  return refusalOf(new GatewayError('invalid_request', { message }), path);
}

/** What Node says of a connection, by its code: the status, and why in words. */
const brokenConnections: Readonly<Record<string, { status: number; error: GatewayError }>> = {
  HPE_HEADER_OVERFLOW: {
    status: 431,
    error: new GatewayError('request_too_large', { message: 'The headers of the request are too large.' }),
  },
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: 408,
    error: new GatewayError('invalid_request', { message: 'The request was not complete in time.' }),
  },
};
const notHttp = new GatewayError('invalid_request', { message: 'This is no HTTP request that can be read.' });

/** The bytes for a connection on which something else than a request came. */
export function brokenConnection(code: string | undefined): string {
  const known = code !== undefined && Object.hasOwn(brokenConnections, code) ? brokenConnections[code] : undefined;
  const { status, body } = refusalOf(known?.error ?? notHttp, '/');
  const line = known?.status ?? status;
  return [
    `HTTP/1.1 ${line} ${STATUS_CODES[line] ?? ''}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
    '',
    body,
  ].join('\r\n');
}

function refusalOf(error: GatewayError, path: string): Refusal {
  const dialect = errorDialectOf(path, null);
  const { status, body } = errorAnswer(error, { dialect, requestId: null, isAdmin: false });
  return { status, body: JSON.stringify(body) };
}
