/** Bodies that a client has compressed (Content-Encoding), with a bound on what they may unfold to. */
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate, zstdDecompress } from 'node:zlib';
import { GatewayError } from '#contracts';

/** Bodies over this are refused before they are read; the config's limit, if lower, is applied by the handlers. */
export const hardBodyLimitBytes = 48 * 1024 * 1024;

type Decode = (bytes: Uint8Array, options: { readonly maxOutputLength: number }) => Promise<Uint8Array>;

const decoders: Readonly<Record<string, Decode>> = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
  zstd: promisify(zstdDecompress),
};

/** The refusal of a body that is over the bound, compressed or not. */
export function tooLarge(limitBytes = hardBodyLimitBytes): GatewayError {
  return new GatewayError('request_too_large', { limit: `${Math.round(limitBytes / 1024 / 1024)} MB` });
}

/** The bytes of a body as they were before compression; throws GatewayError for an unknown encoding, wrong bytes and too many. */
export async function decodedBody(
  bytes: Uint8Array,
  encoding: string | undefined,
  limitBytes = hardBodyLimitBytes,
): Promise<Uint8Array> {
  const name = (encoding ?? '').trim().toLowerCase();
  if (name === '' || name === 'identity' || bytes.byteLength === 0) return bytes;
  const decode = Object.hasOwn(decoders, name) ? decoders[name] : undefined;
  if (decode === undefined) {
    const known = Object.keys(decoders).filter((other) => !other.startsWith('x-'));
    const message = `The Content-Encoding of the request is not supported. Supported are: ${known.join(', ')}.`;
    throw new GatewayError('unsupported_media_type', { message });
  }
  try {
    return await decode(bytes, { maxOutputLength: limitBytes });
  } catch (cause) {
    if (cause instanceof RangeError) throw tooLarge(limitBytes);
    const message = `The request body is not valid ${name}, as its Content-Encoding says.`;
    throw new GatewayError('invalid_request', { message }, { cause });
  }
}
