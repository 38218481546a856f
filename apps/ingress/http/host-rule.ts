/**
 * Which Host a gateway without a master key answers to. A page of the open web can make a name of its own point to this
 * machine (DNS rebinding) and then call us as its own origin; it cannot do so with an address, nor with a name that nobody
 * can register. Pure.
 */

/** Endings that no public registry hands out. */
const privateEndings = ['.localhost', '.local', '.internal', '.home.arpa', '.lan'];

/** True where the Host header names this machine, a private name, an address, or one of `configured`. */
export function isTrustedHost(header: string | undefined, configured: readonly string[]): boolean {
  // Only programs of the time before browsers send none.
  if (header === undefined) return true;
  const name = hostName(header);
  if (name === null) return false;
  if (isAddress(name) || !name.includes('.')) return true;
  return privateEndings.some((ending) => name.endsWith(ending)) || configured.some((host) => hostName(host) === name);
}

/** True for an origin that is the very server that was asked, by http or https. */
export function isOwnOrigin(origin: string, host: string | undefined): boolean {
  if (host === undefined || !/^[\w.:[\]-]+$/.test(host)) return false;
  try {
    const { protocol, host: originHost } = new URL(origin);
    return (protocol === 'http:' || protocol === 'https:') && new URL(`${protocol}//${host}`).host === originHost;
  } catch {
    return false;
  }
}

/** True for names and addresses that only this machine reaches. */
export function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(host);
}

/** The name without port and final dot, in lower case; null for what is no host. */
function hostName(host: string): string | null {
  if (!/^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i.test(host)) return null;
  const name = host
    .toLowerCase()
    .replace(/:\d{1,5}$/, '')
    .replace(/\.$/, '');
  return name === '' ? null : name;
}

function isAddress(name: string): boolean {
  return name.startsWith('[') || /^\d{1,3}(?:\.\d{1,3}){3}$/.test(name);
}
