/** `OLLAMA_HOST` as Ollama's own client reads it (envconfig in its source), for the side that calls. */

const defaultPort: Readonly<Record<string, string>> = { '': '11434', http: '80', https: '443' };
const defaultBase = 'http://127.0.0.1:11434';

/**
 * The base URL of `host`, `host:port`, `:port`, `[::1]:port` or a URL. Addresses to listen on (0.0.0.0, ::) become the
 * loopback address. null where the text is none of these.
 */
export function ollamaBaseUrl(text: string | undefined): string | null {
  const written = (text ?? '').trim().replace(/^["']|["']$/g, '');
  if (written === '') return defaultBase;
  const parts = /^(?:(?<scheme>https?):\/\/)?(?<authority>[^/\s]*)(?<path>\/[^\s?#]*)?$/i.exec(written)?.groups;
  if (parts === undefined) return null;
  const scheme = (parts['scheme'] ?? '').toLowerCase();
  const { host, port } = splitAuthority(parts['authority'] ?? '');
  const base = `${scheme === '' ? 'http' : scheme}://${host}:${port ?? defaultPort[scheme] ?? ''}${parts['path'] ?? ''}`;
  if (!URL.canParse(base) || (port !== null && Number(port) > 65_535)) return null;
  return base.replace(/\/+$/, '');
}

function splitAuthority(authority: string): { host: string; port: string | null } {
  const bracketed = /^(\[[^\]]+\])(?::(\d+))?$/.exec(authority);
  const plain = /^([^:]*)(?::(\d+))?$/.exec(authority);
  const [, host = authority, port] = bracketed ?? plain ?? [];
  // More than one colon without brackets is a bare IPv6 address.
  const named = bracketed === null && plain === null ? `[${authority}]` : host;
  const isAny = named === '' || named === '0.0.0.0' || named === '[::]';
  return { host: isAny ? '127.0.0.1' : named, port: port ?? null };
}
