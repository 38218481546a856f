import { describe, expect, it } from 'vitest';
import { badPath, brokenConnection } from './broken-request.js';

describe('a path that cannot be decoded', () => {
  it("is refused in the shape of the path's own clients", () => {
    expect(badPath('/v1/models/%E0%A4%A?a=b')).toMatchObject({ status: 400 });
    expect(JSON.parse(badPath('/v1/models/%E0').body)).toMatchObject({
      error: { type: 'invalid_request_error', code: 'invalid_request', param: null },
    });
    expect(JSON.parse(badPath('/v1/messages/%E0').body)).toMatchObject({
      type: 'error',
      error: { type: 'invalid_request_error' },
    });
  });
});

describe('a connection without a request', () => {
  it.each([
    ['HPE_HEADER_OVERFLOW', 'HTTP/1.1 431 Request Header Fields Too Large', 'request_too_large'],
    ['ERR_HTTP_REQUEST_TIMEOUT', 'HTTP/1.1 408 Request Timeout', 'invalid_request'],
    ['HPE_INVALID_METHOD', 'HTTP/1.1 400 Bad Request', 'invalid_request'],
    ['constructor', 'HTTP/1.1 400 Bad Request', 'invalid_request'],
    [undefined, 'HTTP/1.1 400 Bad Request', 'invalid_request'],
  ])('%s: %s', (code, line, name) => {
    const [head = '', body = ''] = brokenConnection(code).split('\r\n\r\n');
    expect(head.split('\r\n')[0]).toBe(line);
    expect(head).toContain(`content-length: ${Buffer.byteLength(body)}`);
    expect(JSON.parse(body)).toMatchObject({ error: { code: name, message: expect.any(String) } });
  });
});
