/** Headers of the console's files. Scripts and styles only from here, none inline, nothing from any other host. Pure. */

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const types: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
  woff2: 'font/woff2',
};

/** The type of a file by its ending; null for endings that a built console does not have. */
export function contentTypeOf(name: string): string | null {
  return types[name.slice(name.lastIndexOf('.') + 1)] ?? null;
}

/** Headers of a file. Names under `assets/` hold a hash of the contents, so they never change. */
export function pageHeaders(path: string, file: { type: string; etag: string }): Record<string, string> {
  return {
    'content-type': file.type,
    etag: file.etag,
    'cache-control': path.startsWith('assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
    'content-security-policy': policy,
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    vary: 'Accept-Encoding',
  };
}
