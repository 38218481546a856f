/** Images as clients send them: data URLs (RFC 2397) become bytes with a media type, web addresses stay addresses. */
import { BodyProblem } from './fields.js';

export type ImageSource =
  | { readonly kind: 'base64'; readonly mediaType: string; readonly data: string }
  | { readonly kind: 'url'; readonly url: string };

const base64 = /^[A-Za-z0-9+/]+={0,2}$/;

/**
 * A data URL or an http(s) URL as an image source. Throws a `BodyProblem` for everything else: a gateway must not be
 * made to read files or other schemes.
 */
export function readImageUrl(url: string, param: string): ImageSource {
  if (/^https?:\/\//i.test(url)) return { kind: 'url', url };
  const parsed = parseDataUrl(url);
  if (parsed !== null) return { kind: 'base64', ...parsed };
  throw new BodyProblem(
    `Invalid '${param}'. Expected an http(s) URL or a base64-encoded data URL (e.g. 'data:image/png;base64,aW1nIGJ5dGVzIGhlcmU='), but got a value that is neither.`,
    param,
  );
}

/** Media type and base64 bytes of a data URL; null where it is none. Percent-encoded data becomes base64. */
export function parseDataUrl(url: string): { mediaType: string; data: string } | null {
  const comma = url.slice(0, 5).toLowerCase() === 'data:' ? url.indexOf(',') : -1;
  if (comma < 0 || comma > 256) return null;
  const [mediaType = '', ...parameters] = url.slice(5, comma).split(';');
  const payload = url.slice(comma + 1);
  const type = mediaType.trim().toLowerCase() || 'text/plain';
  if (parameters.some((parameter) => parameter.trim().toLowerCase() === 'base64')) {
    const data = normaliseBase64(payload);
    return data === null ? null : { mediaType: type, data };
  }
  try {
    return { mediaType: type, data: Buffer.from(decodeURIComponent(payload), 'utf8').toString('base64') };
  } catch {
    return null;
  }
}

/** Base64 text in the standard alphabet without spaces; null where it is not base64. URL-safe base64 is converted. */
export function normaliseBase64(text: string): string | null {
  if (base64.test(text)) return text;
  const tidy = text.replace(/\s+/g, '').replaceAll('-', '+').replaceAll('_', '/');
  return base64.test(tidy) ? tidy : null;
}
