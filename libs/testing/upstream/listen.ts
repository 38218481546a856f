/** Listening on loopback. */
import type { Server } from 'node:net';

/** Binds to 127.0.0.1; port 0 takes any. Resolves with the port. */
export function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

export function originOf(port: number): string {
  return `http://127.0.0.1:${port}`;
}
