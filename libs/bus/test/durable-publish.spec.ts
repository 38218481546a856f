import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Bus, DurableMessage } from '#bus';
import { durableContract } from '#contracts';
import { startNats, type TestServer } from '#testing';
import { connectBus } from './fixtures.js';

const Event = durableContract({ subject: 'alert.test', stream: 'EVENTS', payload: z.object({ n: z.number() }) });

let nats: TestServer;
let bus: Bus;

beforeAll(async () => {
  nats = await startNats();
  bus = await connectBus(nats.url, 'durable-publish');
});

afterAll(async () => {
  await bus.drain();
  await nats.stop();
});

const numberOf = (message: DurableMessage) => z.object({ n: z.number() }).parse(message.payload).n;

describe('durable events of a publisher', () => {
  it('that nobody waits for leave together, those of a contract that says so', async () => {
    const Patient = { ...Event, subject: 'alert.patient', gatherMs: 300 } as const;
    const places = new Map<number, string>();
    const consumer = await bus.consume({
      stream: 'EVENTS',
      durable: 'patient',
      subjects: ['alert.patient'],
      batch: 50,
      handle: async (messages) => {
        for (const message of messages) {
          places.set(numberOf(message), `${message.sequence}:${message.place}`);
          message.ack();
        }
      },
    });
    await bus.publishDurable(Patient, { n: 1 }, { messageId: 'patient:1' });
    const second = bus.publishDurable(Patient, { n: 2 }, { messageId: 'patient:2' });
    // The bus has come and gone meanwhile, and the second event still waits.
    await bus.publishDurable(Event, { n: 8_888 }, { messageId: 'meanwhile' });
    await Promise.all([second, bus.publishDurable(Patient, { n: 3 }, { messageId: 'patient:3' })]);
    await expect.poll(() => places.size).toBe(3);
    const [one, two, three] = [1, 2, 3].map((n) => places.get(n)?.split(':').map(Number) ?? []);
    expect([one?.[1], two?.[1], three?.[1]]).toEqual([0, 0, 1]);
    expect(two?.[0]).toBe(three?.[0]);
    await consumer.stop();
  });

  it('are not taken for others that left in a message with the same first one', async () => {
    const seen = new Set<number>();
    const consumer = await bus.consume({
      stream: 'EVENTS',
      durable: 'batches',
      batch: 50,
      handle: async (messages) => {
        for (const message of messages) {
          seen.add(numberOf(message));
          message.ack();
        }
      },
    });
    // The first of each leaves alone, the others together behind it, as after an outage.
    const send = (...numbers: number[]) =>
      Promise.all(numbers.map((n) => bus.publishDurable(Event, { n }, { messageId: `batch:${n}` })));
    await send(2_000, 2_001, 2_002);
    await send(2_003, 2_001, 2_004);
    const wanted = [2_000, 2_001, 2_002, 2_003, 2_004];
    await expect.poll(() => wanted.filter((n) => seen.has(n))).toEqual(wanted);
    await consumer.stop();
  });

  it('leave although those before them are not acknowledged yet', async () => {
    nats.signal('SIGSTOP');
    const sent: number[] = [];
    const publish = (n: number) =>
      bus.publishDurable(Event, { n }, { messageId: `stopped:${n}`, onSent: () => sent.push(n) }).catch(() => {});
    const all = [publish(8_001), publish(8_002)];
    await expect.poll(() => sent).toEqual([8_001, 8_002]);
    nats.signal('SIGCONT');
    await Promise.all(all);
  });
});
