import { connect } from '@nats-io/transport-node';
import { Client } from 'pg';
import { expect, test } from 'vitest';
import { startNats, startPostgres } from './index.js';

test('a NATS server with JetStream comes up, and comes back with its data after a crash', async () => {
  const nats = await startNats();
  const first = await connect({ servers: nats.url });
  expect(first.info?.jetstream).toBe(true);
  await first.close();
  const pid = nats.pid;
  await nats.restart();
  expect(nats.pid).not.toBe(pid);
  const second = await connect({ servers: nats.url });
  await second.close();
  await nats.stop();
  await expect(connect({ servers: nats.url, reconnect: false })).rejects.toThrow();
});

test('a user without the right hears nothing of local prompts', async () => {
  const nats = await startNats({ users: { ingress: 'a', 'provider-cloud': 'b' } });
  const ingress = await connect({ servers: nats.url, user: 'ingress', pass: 'a' });
  const cloud = await connect({ servers: nats.url, user: 'provider-cloud', pass: 'b' });
  const heard: string[] = [];
  cloud.subscribe('infer.>', { callback: (_error, message) => void heard.push(message.subject) });
  await cloud.flush();
  ingress.publish('infer.local.one');
  ingress.publish('infer.cloud.one');
  await ingress.flush();
  await expect.poll(() => heard).toEqual(['infer.cloud.one']);
  await cloud.close();
  await ingress.close();
  await nats.stop();
});

test('each call gives an empty database, also after the server crashed', async () => {
  const one = await startPostgres();
  const two = await startPostgres();
  expect(one.url).not.toBe(two.url);
  const client = new Client({ connectionString: one.url });
  await client.connect();
  await client.query('create table t (n int)');
  await client.query('insert into t values (1)');
  await client.end();
  await one.server.restart();
  const again = new Client({ connectionString: one.url });
  await again.connect();
  expect((await again.query('select n from t')).rows).toEqual([{ n: 1 }]);
  const zone = await again.query("select now() at time zone 'Europe/Vienna' as t, 'ä' < 'b' as o");
  expect(zone.rows).toHaveLength(1);
  await again.end();
  await one.stop();
  await two.stop();
});
