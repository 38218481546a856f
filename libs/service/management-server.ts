/** /livez, /readyz, /startupz and /metrics on a port of their own. Never asks a backend, a database or the bus. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Metrics } from '#telemetry';
import type { Readiness } from './readiness.js';

export class ManagementServer {
  private readonly server: Server;

  constructor(options: { metrics: Metrics; readiness: Readiness }) {
    const { metrics, readiness } = options;
    this.server = createServer((request, response) => {
      const path = (request.url ?? '/').split('?')[0];
      const json = (status: number, body: unknown) =>
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      if (path === '/livez') json(200, { status: 'alive' });
      else if (path === '/readyz' || path === '/startupz') {
        json(readiness.ready ? 200 : 503, {
          status: readiness.ready ? 'ready' : 'not ready',
          waiting: readiness.reasons,
          // Whoever started this process sees that it is not another's that answers on the port.
          pid: process.pid,
        });
      } else if (path === '/metrics') {
        metrics.answer(request.headers.accept ?? null).then(
          ({ text, contentType }) => response.writeHead(200, { 'content-type': contentType }).end(text),
          () => response.writeHead(500).end(),
        );
      } else json(404, { error: 'not found' });
    });
    this.server.keepAliveTimeout = 5_000;
  }

  /** Binds; resolves with the port (0 asks for any). */
  listen(host: string, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(port, host, () => {
        this.server.off('error', reject);
        resolve((this.server.address() as AddressInfo).port);
      });
    });
  }

  close(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }
}
