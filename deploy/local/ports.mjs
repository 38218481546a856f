/** Ports: which are free, and whether somebody answers on one. */
import { createServer, connect } from 'node:net';

/**
 * @param {number} port 0 for any
 * @param {string} host
 * @returns {Promise<number>} the port, after it was bound and let go; rejects with the error of the operating system
 */
export function tryPort(port, host) {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ port, host, exclusive: true }, () => {
      const address = server.address();
      const bound = typeof address === 'object' && address !== null ? address.port : port;
      server.close(() => resolve(bound));
    });
  });
}

/**
 * @param {number} preferred
 * @param {string} host
 * @returns {Promise<number>} the preferred port if it is free, else any free one
 */
export async function freePort(preferred, host) {
  try {
    return await tryPort(preferred, host);
  } catch {
    return tryPort(0, host);
  }
}

/**
 * @param {number} first
 * @param {string} host
 * @param {ReadonlySet<number>} spoken ports that are promised to others
 * @returns {Promise<number>} the first free port from `first` on, not among `spoken`
 */
export async function nextFreePort(first, host, spoken) {
  for (let port = first; port < 65_536; port += 1) {
    if (spoken.has(port)) continue;
    const bound = await tryPort(port, host).catch(() => undefined);
    if (bound !== undefined) return bound;
  }
  throw new Error(`no free port from ${String(first)} on`);
}

/**
 * Connects, says something, and gives the first bytes of the answer.
 * @param {{ port: number, host: string, greeting?: Uint8Array, timeoutMs?: number }} target
 * @returns {Promise<Buffer | undefined>} undefined if nobody answers
 */
export function firstBytes({ port, host, greeting, timeoutMs = 2_000 }) {
  return new Promise((resolve) => {
    const socket = connect({ port, host });
    const finish = (/** @type {Buffer | undefined} */ bytes) => {
      socket.destroy();
      resolve(bytes);
    };
    socket.setTimeout(timeoutMs, () => finish(undefined));
    socket.once('error', () => finish(undefined));
    socket.once('close', () => finish(undefined));
    socket.once('data', finish);
    if (greeting !== undefined) socket.write(greeting);
  });
}
