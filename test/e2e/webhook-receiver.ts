/** A receiver of webhooks, as Slack or a pager would be. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { z } from 'zod';

export interface WebhookReceiver {
  readonly url: string;
  /** Each body so far, with the signature that came with it. */
  readonly received: Record<string, unknown>[];
  stop(): Promise<void>;
}

/** Starts one on a free port. */
export async function startWebhookReceiver(): Promise<WebhookReceiver> {
  const received: Record<string, unknown>[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString('utf8')));
    request.on('end', () => {
      const alert = z.record(z.string(), z.unknown()).parse(JSON.parse(body));
      received.push({ ...alert, signature: request.headers['x-signalbox-signature'] });
      response.end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}/alerts`,
    received,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
