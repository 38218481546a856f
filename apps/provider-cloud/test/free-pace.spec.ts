/** Workers that share an OpenRouter account, on a real bus. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Bus } from '#bus';
import { FreePaceBucket } from '#contracts';
import { startNats, type TestServer } from '#testing';
import { Logger, Metrics } from '#telemetry';
import { FreePace } from '../free-pace.client.js';
import { freeRequestsPerDay, freeRequestsPerMinute } from '../free-pace.js';

const logger = Logger.create('test', 'error');
const now = Date.UTC(2026, 10, 21, 12);
let nats: TestServer;
let buses: Bus[];

beforeAll(async () => {
  nats = await startNats();
  const connect = (name: string) => {
    const metrics = new Metrics({ service: name, version: 'test', processMetrics: false });
    return Bus.connect({ url: nats.url, user: null, password: null, name, logger, metrics });
  };
  buses = await Promise.all(['one', 'other', 'third'].map(connect));
});

afterAll(async () => {
  await Promise.all(buses.map((bus) => bus.drain()));
  await nats.stop();
});

const workers = () => buses.map((bus) => new FreePace(bus, logger));

it('three workers that are asked at once let twenty through together', async () => {
  const asks = workers().flatMap((pace) => Array.from({ length: 15 }, (_, n) => pace.take('minute', now + n)));
  const paces = await Promise.all(asks);
  expect(paces.filter(({ limit }) => limit === null)).toHaveLength(freeRequestsPerMinute);
  expect(paces.filter(({ limit }) => limit === 'minute')).toHaveLength(45 - freeRequestsPerMinute);
});

it('what one worker learns of the account and sends counts for the others, and after a restart', async () => {
  const [one, other] = workers();
  await one?.note('day', true);
  for (let n = 0; n < freeRequestsPerDay; n += 1) {
    const pace = n % 2 === 0 ? one : other;
    expect(await pace?.take('day', now + n * 61_000)).toEqual({ limit: null });
  }
  const [anew] = workers();
  expect(await anew?.take('day', now + 2 * 3_600_000)).toEqual({ limit: 'day', waitMs: 10 * 3_600_000 });
});

it('an entry of no known form is begun anew, and never stops anybody', async () => {
  const [bus] = buses;
  const bucket = await bus?.bucket({ ...FreePaceBucket, value: FreePaceBucket.value.partial() });
  await bucket?.put('odd', {});
  expect(await workers()[0]?.take('odd', now)).toEqual({ limit: null });
});
