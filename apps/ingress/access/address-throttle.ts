/** Slows down whoever guesses keys: each address may fail so often, then it has to wait. Keys that are known are not held up. */

const burst = 20;
const perMs = burst / 60_000;
const mostAddresses = 20_000;
const mostTrusted = 1_000;

export class AddressThrottle {
  private readonly addresses = new Map<string, { left: number; at: number }>();
  private readonly trusted = new Set<string>();

  /** Milliseconds until this address may have another key looked up; 0 = now. */
  waitFor(address: string, now: number): number {
    const left = this.leftOf(networkOf(address), now);
    return left >= 1 ? 0 : Math.ceil((1 - left) / perMs);
  }

  /** Someone at this address had the master key: nobody else there can lock them out by guessing. */
  trust(address: string): void {
    const network = networkOf(address);
    if (this.trusted.has(network)) return;
    if (this.trusted.size >= mostTrusted) this.trusted.clear();
    this.trusted.add(network);
  }

  isTrusted(address: string): boolean {
    return this.trusted.has(networkOf(address));
  }

  /** A look-up found nothing. */
  failed(address: string, now: number): void {
    const network = networkOf(address);
    const left = this.leftOf(network, now) - 1;
    this.addresses.delete(network);
    if (this.addresses.size >= mostAddresses) {
      const oldest = this.addresses.keys().next().value;
      if (oldest !== undefined) this.addresses.delete(oldest);
    }
    this.addresses.set(network, { left: Math.max(0, left), at: now });
  }

  private leftOf(network: string, now: number): number {
    const known = this.addresses.get(network);
    return known === undefined ? burst : Math.min(burst, known.left + (now - known.at) * perMs);
  }
}

/** One person holds a whole /64 of IPv6: its addresses count as one. */
export function networkOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '').split('%')[0] ?? address;
  if (!plain.includes(':')) return plain;
  const [head = '', tail] = plain.split('::');
  const groups = head === '' ? [] : head.split(':');
  if (tail !== undefined) {
    const after = tail === '' ? [] : tail.split(':');
    while (groups.length + after.length < 8) groups.push('0');
    groups.push(...after);
  }
  return `${groups.slice(0, 4).join(':')}::/64`;
}
