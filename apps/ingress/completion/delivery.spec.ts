import { afterEach, describe, expect, it } from 'vitest';
import { GatewayError } from '#contracts';
import { FakeServer } from '#testing';
import { ResponseWriter } from '../http/sse-writer.js';
import { failureOf } from './attempt.fixtures.js';
import { Delivery, gatewayErrorOf } from './delivery.client.js';

let server: FakeServer | null = null;

afterEach(async () => {
  await server?.stop();
  server = null;
});

/** Serves one answer as `deliver` says; what a client gets of it. */
async function answered(stream: boolean, deliver: (delivery: Delivery) => Promise<void>): Promise<Response> {
  server = new FakeServer(async ({ response }) => {
    const delivery = new Delivery(new ResponseWriter(response), {
      stream,
      dialect: 'other',
      model: 'm',
      requestId: 'r',
      queueComments: true,
      headers: () => ({ 'x-cost': '1' }),
      now: () => 0,
    });
    await deliver(delivery).catch((error: unknown) => {
      response.writeHead(error instanceof GatewayError ? error.entry.status : 500).end();
    });
  });
  return fetch(await server.start());
}

const bytes = (...values: number[]) => Uint8Array.from(values);

describe('an answer that is passed through', () => {
  it('comes as a stream where it is a file, under its own type', async () => {
    const response = await answered(false, async (delivery) => {
      delivery.head('audio/mpeg');
      await delivery.bytes(bytes(0xff, 0xfb), false);
      await delivery.bytes(bytes(0x00), true);
    });
    expect(response.headers.get('content-type')).toBe('audio/mpeg');
    expect(response.headers.get('content-length')).toBeNull();
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(bytes(0xff, 0xfb, 0x00));
  });

  it('comes whole where it is JSON or text, also where events were asked for', async () => {
    const response = await answered(true, async (delivery) => {
      delivery.head('application/json');
      await delivery.bytes(Buffer.from('{}'), false);
      await delivery.bytes(bytes(), true);
    });
    expect(response.headers.get('content-length')).toBe('2');
    expect(await response.json()).toEqual({});
  });

  it('is never interrupted by comments of a queue', async () => {
    const response = await answered(true, async (delivery) => {
      delivery.queued({ position: 4, estimateMs: 60_000, reason: null });
      delivery.head('text/event-stream');
      await delivery.bytes(Buffer.from('data: 1\n\n'), true);
    });
    expect(await response.text()).toBe('data: 1\n\n');
  });

  it('that fails in its middle is cut, so that nobody takes it for complete', async () => {
    const begun = Promise.withResolvers<void>();
    const response = await answered(false, async (delivery) => {
      delivery.head('audio/mpeg');
      await delivery.bytes(bytes(1, 2), false);
      await begun.promise;
      delivery.fail(failureOf('upstream_error'));
      expect(delivery.done).toBe(true);
    });
    begun.resolve();
    await expect(response.arrayBuffer()).rejects.toThrow();
  });

  it('that fails before its first byte is an error of the gateway', async () => {
    const response = await answered(false, async (delivery) => {
      delivery.head('audio/mpeg');
      delivery.fail(failureOf('upstream_timeout'));
    });
    expect(response.status).toBe(504);
  });
});

describe('the error of a backend', () => {
  it.each([
    ['upstream_error', { message: 'boom' }, "boom (model 'm-1')"],
    ['upstream_timeout', { message: 'Too slow.' }, "Too slow. (model 'm-1')"],
    ['upstream_timeout', {}, "The backend of the model 'm-1' did not answer in time."],
    ['rate_limit_exceeded', { message: 'Slow down, m-1 is busy.' }, 'Slow down, m-1 is busy.'],
    ['invalid_request', { message: 'No such field.' }, 'No such field.'],
  ])('%s with %j names the model', (code, details, message) => {
    expect(gatewayErrorOf({ ...failureOf(code), details }, 'm-1').message).toBe(message);
  });
});
