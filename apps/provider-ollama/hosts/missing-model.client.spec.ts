import { describe, expect, it } from 'vitest';
import type { QueuedNotice } from '#contracts';
import { backendOf, openingOf } from '../test/fixtures.js';
import { awaitDownload } from './missing-model.client.js';

const backend = backendOf('gpu', 'http://gpu');

/** A download that ends when the test says so. */
function download() {
  const { promise, resolve } = Promise.withResolvers<string | null>();
  return { progress: 'pulling 667b 42 %', done: promise, end: resolve };
}

function stream() {
  const notices: QueuedNotice[] = [];
  const stop = new AbortController();
  return { notices, stop, queued: (notice: QueuedNotice) => void notices.push(notice), signal: stop.signal };
}

describe('whoever waits for a download', () => {
  it('hears at once how far it is, and goes on when the model is there', async () => {
    const [client, model] = [stream(), download()];
    const waiting = awaitDownload(openingOf(backend, 'm'), client, model);
    expect(client.notices).toEqual([
      { position: 1, estimateMs: null, reason: 'downloading the model: pulling 667b 42 %' },
    ]);
    model.end(null);
    expect(await waiting).toBeNull();
  });

  it('hears why where it fails', async () => {
    const [client, model] = [stream(), download()];
    model.end('no space left');
    const failure = await awaitDownload(openingOf(backend, 'm'), client, model);
    expect(failure).toMatchObject({
      code: 'model_not_found',
      details: { adminText: expect.stringContaining('no space') },
    });
  });

  it('goes elsewhere when it may wait no longer, and the host is not to blame', async () => {
    const failure = await awaitDownload(openingOf(backend, 'm', { maxWaitMs: 5 }), stream(), download());
    expect(failure).toMatchObject({ code: 'backend_overloaded', blame: 'gateway', retryAfterMs: 30_000 });
  });

  it('may leave', async () => {
    const client = stream();
    const waiting = awaitDownload(openingOf(backend, 'm'), client, download());
    client.stop.abort();
    expect(await waiting).toMatchObject({ code: 'client_closed_request' });
  });
});
