import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Bus, DurableMessage } from '#bus';
import { durableContract } from '#contracts';
import { startNats, TcpProxy, type TestServer } from '#testing';
import { connectBus } from './fixtures.js';

const Event = durableContract({ subject: 'alert.test', stream: 'EVENTS', payload: z.object({ n: z.number() }) });

let nats: TestServer;
let bus: Bus;

beforeAll(async () => {
  nats = await startNats();
  bus = await connectBus(nats.url, 'durable');
});

afterAll(async () => {
  await bus.drain();
  await nats.stop();
});

const numberOf = (message: DurableMessage) => z.object({ n: z.number() }).parse(message.payload).n;

describe('durable events', () => {
  it('published at once are each consumed once, however they travelled', async () => {
    const seen: number[] = [];
    const consumer = await bus.consume({
      stream: 'EVENTS',
      durable: 'each',
      batch: 50,
      handle: async (messages) => {
        for (const message of messages) {
          seen.push(numberOf(message));
          message.ack();
        }
      },
    });
    await Promise.all(
      Array.from({ length: 500 }, (_, n) => bus.publishDurable(Event, { n }, { messageId: `each:${n}` })),
    );
    await expect.poll(() => seen.length).toBe(500);
    expect([...seen].sort((a, b) => a - b)).toEqual(Array.from({ length: 500 }, (_, n) => n));
    await expect.poll(() => consumer.pending()).toBe(0);
    await consumer.stop();
  });

  it('that were consumed make room in a stream that is nearly full, and no others', async () => {
    const connection = await connect({ servers: nats.url });
    const manager = await jetstreamManager(connection);
    await manager.streams.purge('EVENTS');
    const { config } = await manager.streams.info('EVENTS');
    const held: DurableMessage[] = [];
    const consumer = await bus.consume({
      stream: 'EVENTS',
      durable: 'room',
      batch: 1,
      lanes: 10,
      handle: async (messages) => {
        for (const message of messages) if (numberOf(message) < 6) message.ack();
        held.push(...messages);
      },
    });
    for (let n = 0; n < 10; n += 1) await bus.publishDurable(Event, { n }, { messageId: `room:${n}` });
    await expect.poll(() => held.length).toBe(10);
    await expect.poll(() => consumer.pending()).toBe(4);
    const oldest = held.find((message) => numberOf(message) === 6);
    const stored = await manager.streams.getMessage('EVENTS', { seq: oldest?.sequence ?? 0 });
    expect(await consumer.backlog()).toMatchObject({ waiting: 4, oldestAt: stored?.time });
    expect(await consumer.backlog()).toMatchObject({ undelivered: 0, unacknowledged: 4, redelivered: 0 });
    expect(await consumer.makeRoom()).toBe(0);
    const { bytes } = (await manager.streams.info('EVENTS')).state;
    await manager.streams.update('EVENTS', { ...config, max_bytes: Math.ceil(bytes * 1.1) });
    expect((await consumer.backlog()).usedShare).toBeCloseTo(1 / 1.1, 1);
    expect(await consumer.backlog()).toMatchObject({ bytes, maxBytes: Math.ceil(bytes * 1.1) });
    expect(await consumer.makeRoom()).toBe(5);
    await manager.streams.update('EVENTS', { ...config, max_bytes: Math.ceil(bytes * 0.55) });
    expect(await consumer.makeRoom()).toBe(1);
    expect(await consumer.makeRoom()).toBe(0);
    await manager.streams.update('EVENTS', config);
    for (const message of held) message.ack();
    await expect.poll(() => consumer.backlog()).toMatchObject({ waiting: 0, oldestAt: null });
    await consumer.stop();
    await connection.close();
  });

  it('that somebody holds without having acknowledged them count as pending', async () => {
    const held: DurableMessage[] = [];
    const consumer = await bus.consume({
      stream: 'EVENTS',
      durable: 'held',
      batch: 50,
      handle: async (messages) => void held.push(...messages),
    });
    await bus.publishDurable(Event, { n: 7_777 }, { messageId: 'held' });
    await expect.poll(() => held.some((message) => numberOf(message) === 7_777)).toBe(true);
    expect(await consumer.pending()).toBeGreaterThan(0);
    for (const message of held) message.ack();
    await expect.poll(() => consumer.pending()).toBe(0);
    await consumer.stop();
  });

  it('are handled in as many batches at once as was asked for', async () => {
    let running = 0;
    let most = 0;
    const both = Promise.withResolvers<void>();
    const seen = new Set<number>();
    const consumer = await bus.consume({
      stream: 'EVENTS',
      durable: 'lanes',
      batch: 5,
      lanes: 2,
      handle: async (messages) => {
        running += 1;
        most = Math.max(most, running);
        // The first batch waits for a second one beside it.
        if (most === 2) both.resolve();
        await both.promise;
        for (const message of messages) {
          seen.add(numberOf(message));
          message.ack();
        }
        running -= 1;
      },
    });
    for (let n = 5_000; n < 5_060; n += 1) await bus.publishDurable(Event, { n }, { messageId: `lanes:${n}` });
    await expect.poll(() => [...seen].filter((n) => n >= 5_000 && n < 5_060).length).toBe(60);
    expect(most).toBe(2);
    await consumer.stop();
    expect(running).toBe(0);
  });

  it('that could not be handled come again', async () => {
    const handled = new Set<number>();
    let refused = false;
    const consumer = await bus.consume({
      stream: 'EVENTS',
      durable: 'again',
      batch: 50,
      handle: async (messages) => {
        for (const message of messages) {
          const n = numberOf(message);
          if (n === 1007 && !refused) {
            refused = true;
            message.nak(10);
          } else {
            if (n >= 1000 && n < 1020) handled.add(n);
            message.ack();
          }
        }
      },
    });
    await Promise.all(
      Array.from({ length: 20 }, (_, n) => bus.publishDurable(Event, { n: 1000 + n }, { messageId: `again:${n}` })),
    );
    await expect.poll(() => handled.size).toBe(20);
    expect(refused).toBe(true);
    await consumer.stop();
  });

  it('that a dead consumer held go to another, which keeps them while it works', async () => {
    const begun: string[] = [];
    const finish = Promise.withResolvers<void>();
    const consumeOn = (who: Bus, name: string) =>
      who.consume({
        stream: 'EVENTS',
        durable: 'dead',
        batch: 1,
        ackWaitMs: 600,
        handle: async (messages) => {
          for (const message of messages) {
            if (numberOf(message) === 6_001) {
              begun.push(name);
              await finish.promise;
            }
            message.ack();
          }
        },
      });
    const proxy = await TcpProxy.start(nats.url);
    const first = await connectBus(proxy.through(nats.url), 'dying');
    await consumeOn(first, 'dying');
    await bus.publishDurable(Event, { n: 6_001 }, { messageId: 'dead' });
    await expect.poll(() => begun).toEqual(['dying']);
    proxy.reset({ refuse: true });
    const heir = await consumeOn(bus, 'heir');
    await expect.poll(() => begun).toEqual(['dying', 'heir']);
    // Another waits for it as long as several turns of the server's patience, and is given only what comes later.
    const third = await connectBus(nats.url, 'third');
    const other = await consumeOn(third, 'third');
    for (let turn = 0; turn < 4; turn += 1) await new Promise((resolve) => setTimeout(resolve, 400));
    expect(begun).toEqual(['dying', 'heir']);
    finish.resolve();
    await expect.poll(() => heir.pending()).toBe(0);
    await Promise.all([heir.stop(), other.stop()]);
    proxy.heal();
    await Promise.all([first.drain(), third.drain()]);
    await proxy.stop();
  });

  it('are taken from a consumer that an earlier release made with other times', async () => {
    const consume = (ackWaitMs: number) =>
      bus.consume({
        stream: 'EVENTS',
        durable: 'older',
        batch: 1,
        ackWaitMs,
        handle: async (messages) => messages.forEach((message) => message.ack()),
      });
    // Stopped before it has begun.
    await (await consume(30_000)).stop();
    const consumer = await consume(5_000);
    await expect.poll(() => consumer.pending()).toBe(0);
    await consumer.stop();
  });

  it('survive a kill of the server once they were acknowledged', async () => {
    await bus.publishDurable(Event, { n: 5000 }, { messageId: 'kill' });
    await nats.restart();
    const seen: number[] = [];
    await expect.poll(() => bus.connected, { timeout: 10_000 }).toBe(true);
    const consumer = await bus.consume({
      stream: 'EVENTS',
      durable: 'killed',
      batch: 100,
      handle: async (messages) => {
        for (const message of messages) {
          seen.push(numberOf(message));
          message.ack();
        }
      },
    });
    await expect.poll(() => seen.includes(5000), { timeout: 10_000 }).toBe(true);
    await consumer.stop();
  });
});
