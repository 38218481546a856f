import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { decodedBody } from './body-encoding.js';

const text = '{"model":"m","messages":[]}';
const bytes = Buffer.from(text);

describe('a body', () => {
  it.each([
    [undefined, bytes],
    ['', bytes],
    ['identity', bytes],
    ['gzip', gzipSync(bytes)],
    ['x-gzip', gzipSync(bytes)],
    [' GZIP ', gzipSync(bytes)],
    ['deflate', deflateSync(bytes)],
    ['br', brotliCompressSync(bytes)],
    ['zstd', zstdCompressSync(bytes)],
  ])('in the encoding %j is read', async (encoding, sent) => {
    expect(Buffer.from(await decodedBody(sent, encoding)).toString()).toBe(text);
  });

  it.each([
    ['compress', bytes, 'unsupported_media_type'],
    ['constructor', bytes, 'unsupported_media_type'],
    ['gzip, br', bytes, 'unsupported_media_type'],
    ['gzip', bytes, 'invalid_request'],
    ['br', bytes, 'invalid_request'],
    ['gzip', gzipSync(bytes).subarray(0, 12), 'invalid_request'],
  ])('that says %j and cannot be read so is refused', async (encoding, sent, code) => {
    await expect(decodedBody(sent, encoding)).rejects.toMatchObject({ code });
  });

  it('does not unfold to more than its bound', async () => {
    const bomb = gzipSync(Buffer.alloc(64 * 1024));
    await expect(decodedBody(bomb, 'gzip', 1_024)).rejects.toMatchObject({ code: 'request_too_large' });
  });
});
