/** The configurations for a NATS cluster and its leaf nodes, under real servers. */
import { jetstream } from '@nats-io/jetstream';
import { connect, type Msg, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Bus } from '#bus';
import { bucketContract, durableContract } from '#contracts';
import { Logger, Metrics } from '#telemetry';
import { textOf } from './deployment-files.js';
import { startNatsServers, type NatsServers } from './nats-servers.js';

const Event = durableContract({ subject: 'alert.test', stream: 'EVENTS', payload: z.object({ n: z.number() }) });
const Entry = (bucket: string) => bucketContract({ bucket, value: z.number(), ttlMs: 60_000 });

let servers: NatsServers;
let bus: Bus;

function busAt(url: string, user: string, replicas: number): Promise<Bus> {
  const metrics = new Metrics({ service: user, version: 'test', processMetrics: false });
  const logger = Logger.create(user, 'error');
  return Bus.connect({ url, user, password: servers.password, name: user, replicas, logger, metrics });
}

beforeAll(async () => {
  servers = await startNatsServers();
  bus = await busAt(servers.urls.join(','), 'accounting', 3);
});

afterAll(async () => {
  await bus?.drain();
  await servers?.stop();
});

const answering = (text: string) => ({
  callback: (_error: Error | null, message: Msg) => {
    message.respond(text);
  },
});
const streamNamed = async (name: string) => (await servers.streams()).find((stream) => stream.name === name);

it('knows the users of a single server, and the leaf nodes', () => {
  const usersOf = (file: string) => textOf(file).match(/(?<=\{ )user: "(?!cluster").*password: \$\w+.*(?= \})/g);
  expect(usersOf('deploy/nats/cluster.conf')).toEqual(usersOf('deploy/docker/nats.conf'));
  expect(usersOf('deploy/nats/cluster.conf')).toHaveLength(6);
});

describe('a leaf node', () => {
  let worker: Bus;
  let raw: NatsConnection;
  beforeAll(async () => {
    worker = await busAt(servers.leafUrl, 'provider-ollama', 1);
    const credentials = { user: 'provider-ollama', pass: servers.password };
    raw = await connect({ servers: servers.leafUrl, ...credentials });
  });
  afterAll(() => Promise.all([worker?.drain(), raw?.close()]));

  it('leads to JetStream at home, and takes no copies from it', async () => {
    const { stream } = await jetstream(raw).publish('usage.test', '{}');
    expect(stream).toBe('USAGE');
    expect(await streamNamed('USAGE')).toMatchObject({ copies: 3 });
  });

  it('lets a worker own its host, and change no key', async () => {
    const owners = await (await worker.bucket(Entry('OWNERS'))).create('far', 1);
    expect(owners).toBeGreaterThan(0);
    await bus.bucket(Entry('KEYS'));
    await expect((await worker.bucket(Entry('KEYS'))).put('k', 1)).rejects.toThrow();
  });

  it('serves what is asked at home', async () => {
    raw.subscribe('infer.local.far', answering('here'));
    raw.subscribe('infer.cloud.far', answering('not for you'));
    await raw.flush();
    const home = await connect({ servers: [...servers.urls], user: 'ingress', pass: servers.password });
    const ask = (subject: string) => home.request(subject, '', { timeout: 1_000 }).then((answer) => answer.string());
    await expect.poll(() => ask('infer.local.far').catch(() => '')).toBe('here');
    await expect(ask('infer.cloud.far')).rejects.toThrow();
    await home.close();
  });

  it('cannot ask or empty what is no business of a worker', async () => {
    const home = await connect({ servers: [...servers.urls], user: 'accounting', pass: servers.password });
    home.subscribe('accounting.key.info', answering('a key'));
    await home.flush();
    const ask = (subject: string) => raw.request(subject, '', { timeout: 1_000 });
    await expect(ask('accounting.key.info')).rejects.toThrow();
    await expect(ask('$JS.API.STREAM.PURGE.USAGE')).rejects.toThrow();
    await home.close();
  });
});

it('a consumer goes on soon after the server that led it died', { timeout: 120_000 }, async () => {
  const seen = new Set<number>();
  const consume = (from: Bus) =>
    from.consume({
      stream: 'EVENTS',
      durable: 'test',
      batch: 10,
      handle: async (messages) => {
        for (const message of messages) {
          seen.add(Event.payload.parse(message.payload).n);
          message.ack();
        }
      },
    });
  await (await consume(bus)).stop();
  await expect.poll(async () => (await streamNamed('EVENTS'))?.consumerLeader).toBeGreaterThanOrEqual(0);
  const leader = (await streamNamed('EVENTS'))?.consumerLeader ?? 0;
  // It keeps its connection: what it asked for died with the leader, and nobody tells it.
  const other = await busAt(servers.urls[(leader + 1) % 3] ?? '', 'accounting', 3);
  const consuming = await consume(other);
  await other.publishDurable(Event, { n: 1 }, { messageId: '1' });
  await expect.poll(() => seen.has(1)).toBe(true);
  await servers.kill(leader);
  const until = Date.now() + 30_000;
  const publish = async (): Promise<void> =>
    other.publishDurable(Event, { n: 2 }, { messageId: '2' }).catch((error: unknown) => {
      if (Date.now() > until) throw error;
      return publish();
    });
  await publish();
  // An election takes some seconds on a busy machine; the client's own times would come to more than thirty.
  await expect.poll(() => seen.has(2), { timeout: 20_000 }).toBe(true);
  await consuming.stop();
  await other.drain();
});
