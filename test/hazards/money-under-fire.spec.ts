/**
 * Money and limits with three ingresses: what one alone promises must hold for all together, also while every process is
 * killed in turn. The upstreams' own logs are the witness.
 */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { SuiteProcess } from '#testing';
import { answersOf, booksOf, disagreements, unbalanced, untold, type Killing } from './books.js';
import { evidence } from './evidence.js';
import { startLoad, type Load } from './fire-load.js';
import { misbehave, mostOutputTokens, outputUsd, startMoneySuite, type MoneySuite } from './money-suite.js';

/** How often everything is killed in turn; `npm run test:long` says so. Minutes of waiting, so `npm test` leaves it out. */
const rounds = Number(process.env['SIGNALBOX_FIRE_ROUNDS'] ?? '0');
const seed = Number(process.env['SIGNALBOX_FIRE_SEED'] ?? Date.now() % 1_000_000);
const clients = 12;
/** How often in a round two are killed, and how far apart at most: longer than it takes to notice a death. */
const pairs = 4;
const mostApartMs = 4_000;

let money: MoneySuite;
beforeAll(async () => {
  money = await startMoneySuite(seed);
});
afterAll(() => money?.stop());

const body = (more: object = {}) =>
  JSON.stringify({
    model: 'paid',
    max_tokens: mostOutputTokens,
    messages: [{ role: 'user', content: 'Is the line clear?' }],
    ...more,
  });

const ask = (key: string, number: number, more: object = {}) =>
  fetch(`${money.ingressUrls[number % 3] ?? ''}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: body(more),
  });

/** Asks `count` times, so many at once; returns how often each status came. */
async function askMany(key: string, count: number, atOnce: number): Promise<Map<number, number>> {
  const statuses = new Map<number, number>();
  let number = 0;
  const loop = async () => {
    while (number < count) {
      const answer = await ask(key, number++);
      await answer.arrayBuffer();
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, loop));
  return statuses;
}

describe('three ingresses', () => {
  beforeAll(() => money.cloud.script.default({ text: ['clear'], outputTokens: mostOutputTokens, promptTokens: 10 }));

  test('200 requests at once on a budget for 10: 8 to 10 are let in, and not a token more is spent', async () => {
    const limitUsd = 10 * mostOutputTokens * outputUsd;
    const key = await money.newKey({ max_budget: limitUsd });
    const before = money.cloud.requests.length;
    const statuses = await askMany(key, 200, 200);
    expect(new Set(statuses.keys())).toEqual(new Set([200, 429]));
    expect(statuses.get(200)).toBeGreaterThanOrEqual(8);
    expect(statuses.get(200)).toBeLessThanOrEqual(10);
    expect(money.cloud.requests.length - before).toBe(statuses.get(200));
    const spent = async () =>
      ((await (await money.suite.fetch(`/key/info?key=${key}`)).json()) as { info: { spend: number } }).info.spend;
    await expect.poll(spent).toBeCloseTo((statuses.get(200) ?? 0) * mostOutputTokens * outputUsd, 9);
  });

  test('a small limit is exact', async () => {
    const key = await money.newKey({ rpm_limit: 10 });
    expect(await askMany(key, 60, 60)).toEqual(
      new Map([
        [200, 10],
        [429, 50],
      ]),
    );
  });

  test('a large limit is kept within 2 %', async () => {
    const limit = 1_200;
    const key = await money.newKey({ rpm_limit: limit });
    const begunMs = performance.now();
    const statuses = await askMany(key, 1_500, 48);
    // A machine so slow that a minute goes by in between lets more in, rightly.
    const minutes = Math.floor((performance.now() - begunMs) / 60_000);
    const passed = statuses.get(200) ?? 0;
    expect(passed).toBeGreaterThanOrEqual(0.98 * limit);
    expect(passed).toBeLessThanOrEqual(1.02 * limit * (1 + minutes));
    expect(new Set(statuses.keys())).toEqual(new Set([200, 429]));
  });
});

describe.skipIf(rounds === 0)('under fire', () => {
  let killings: Killing[] = [];
  const own = [
    'accounting',
    'nats',
    'postgres',
    'provider-cloud',
    'provider-ollama',
    'ingress',
  ] as const satisfies readonly SuiteProcess[];

  const isServed = async (key: string) => {
    for (const [number] of money.ingressUrls.entries()) {
      for (const model of ['paid', 'free']) {
        const answer = await ask(key, number, { model }).catch(() => null);
        await answer?.arrayBuffer();
        if (answer?.status !== 200) return false;
      }
    }
    return true;
  };

  /** Kills one; resolves once another process is there in its place. */
  async function kill(name: SuiteProcess): Promise<void> {
    const old = money.suite.pid(name) ?? 0;
    const killing: Killing = { name, atMs: performance.now(), ...(name === 'ingress' ? { ingress: 0 } : {}) };
    killings.push(killing);
    money.suite.kill(name);
    await money.suite.restarted(name, old);
    killing.succeededMs = performance.now();
  }

  /** Upstreams have bad days all the time here; one good round says that everybody is back. */
  const allServed = (key: string) => expect.poll(() => isServed(key), { timeout: 60_000, interval: 200 }).toBe(true);

  /** Two die one soon after the other: before anybody can have noticed, or in the middle of what is done about it. */
  async function killTwo(): Promise<void> {
    const first = Math.floor(money.random() * own.length);
    const second = (first + 1 + Math.floor(money.random() * (own.length - 1))) % own.length;
    const killed = [own[first], own[second]].map(async (name, place) => {
      await new Promise((resolve) => setTimeout(resolve, place * money.random() * mostApartMs));
      if (name !== undefined) await kill(name);
    });
    await Promise.all(killed);
  }

  /** Everything that does not agree, now. */
  async function wrong(load: Load) {
    const books = await booksOf(money, load.name);
    const answers = answersOf(money, load.name);
    return [...disagreements(answers, books, load.asked, killings), ...untold(load.asked, books)];
  }

  /** Waits until the books agree; says all there is to know where they never do. */
  async function agreed(load: Load, timeout: number): Promise<void> {
    try {
      await vi.waitFor(async () => expect(await wrong(load)).toEqual([]), { timeout, interval: 500 });
    } catch (error) {
      throw new Error(await evidence(money, load, killings, await wrong(load)), { cause: error });
    }
  }

  test(
    `every upstream answer is billed once and to the token, and nothing stays reserved (seed ${seed})`,
    { timeout: 600_000 + rounds * 120_000 },
    async () => {
      killings = [];
      misbehave(money);
      const keys = [
        await money.newKey({ max_budget: 0.5 }),
        await money.newKey({ max_budget: 1_000 }),
        await money.newKey({ max_budget: 500, team_id: 'fire', max_tokens_budget: 10_000_000 }),
        await money.newKey({ max_requests_budget: 100_000, budget_duration: '1h' }),
        await money.newKey({}),
      ];
      const free = await money.newKey({});
      await expect.poll(() => isServed(free), { timeout: 60_000 }).toBe(true);
      const load = startLoad(money, keys, clients);
      for (let round = 0; round < rounds; round += 1) {
        for (const name of own) {
          await kill(name);
          await allServed(free);
        }
        for (let pair = 0; pair < pairs; pair += 1) {
          await killTwo();
          await allServed(free);
        }
        killings.push({ name: 'ingress', atMs: performance.now(), ingress: 1 });
        await money.ingress.crash();
      }
      await load.stop();
      expect(load.asked.filter((one) => one.status === 200).length).toBeGreaterThan(100);
      await agreed(load, 60_000);
      expect(await unbalanced(money)).toEqual([]);
      expect(await money.sql(`SELECT * FROM usage_dead`)).toEqual([]);

      // Attempts whose services died are closed an hour later, leases of the dead minutes later: the test turns the clock on.
      await money.sql(`UPDATE usage_open SET expires_at = expires_at - interval '2 hours'`);
      const held = () => money.sql(`SELECT scope, held FROM scope_window WHERE held <> 0`);
      const age = () =>
        money.sql(`UPDATE lease SET expires_at = expires_at - interval '15 minutes' WHERE state = 'expired'`);
      await expect
        .poll(async () => [...(await age()), ...(await held())], { timeout: 200_000, interval: 1_000 })
        .toEqual([]);
      expect(await money.sql(`SELECT attempt_id FROM usage_open`)).toEqual([]);
      expect(await unbalanced(money)).toEqual([]);
      await agreed(load, 1_000);
    },
  );
});
