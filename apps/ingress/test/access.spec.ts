/** Three ingresses, the real accounting and its database: keys, budgets and limits as clients meet them. */
import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  GatewayError,
  KeysBucket,
  RequestId,
  UsageClose,
  type Attempt,
  type KeyRecord,
  type LimitTake,
} from '#contracts';
import { startNats, startPostgres, type TestDatabase, type TestServer } from '#testing';
import { startAccounting, until, type AccountingService } from '../../accounting/test/accounting-service.js';
import { closeEvent, sampleSnapshot } from '../../accounting/test/samples.js';
import type { AdmissionFacts } from '../access/access.client.js';
import { attemptOf } from '../completion/attempt.fixtures.js';
import { startAccess, type AccessProcess } from './access-process.js';

let nats: TestServer;
let postgres: TestDatabase;
let accounting: AccountingService;
let ingresses: AccessProcess[] = [];
let serial = 0;

beforeAll(async () => {
  [nats, postgres] = await Promise.all([startNats(), startPostgres()]);
  accounting = await startAccounting({ natsUrl: nats.url, databaseUrl: postgres.url, snapshot: sampleSnapshot() });
  ingresses = await Promise.all([1, 2, 3].map(() => startAccess(nats.url)));
});
afterAll(async () => {
  await Promise.all(ingresses.map((one) => one.stop()));
  await accounting.stop();
  await Promise.all([nats.stop(), postgres.stop()]);
});

const paid: Attempt = attemptOf('d1', 'cloud', {
  kind: 'cloud',
  dataPolicy: 'may-retain',
  price: {
    inputPerMillion: '1',
    outputPerMillion: '10',
    cacheReadPerMillion: null,
    cacheWritePerMillion: null,
    perRequest: null,
    source: 'config',
  },
});
const free: Attempt = attemptOf('d2', 'mac');
/** (0 * 1.15 + 32) input tokens at 1 USD and 1,000 output tokens at 10 USD per million. */
const estimate = 32_000 + 10_000_000;

async function keyWith(columns: Record<string, string | number> = {}): Promise<{ secret: string; id: string }> {
  serial += 1;
  const id = `key-${serial}`;
  const secret = `sk-test-${serial}-of-the-access-tests`;
  const names = Object.keys(columns);
  await accounting.sql.query(
    `INSERT INTO keys (id, alias, last4, created_by, updated_by${names.map((name) => `, ${name}`).join('')})
     VALUES ($1, $1, 'ests', 't', 't'${names.map((_, i) => `, $${i + 2}`).join('')})`,
    [id, ...Object.values(columns)],
  );
  const digest = createHmac('sha256', 'pepper-of-the-tests').update(secret).digest('hex');
  await accounting.sql.query('INSERT INTO key_digests (digest, key_id) VALUES ($1, $2)', [digest, id]);
  if (columns['max_budget_nano_usd'] !== undefined) {
    await accounting.sql.query(
      `INSERT INTO budget (scope, unit, limit_n, owner_kind, owner_id) VALUES ($1, 'usd', $2, 'key', $3)`,
      [`usd/key/${id}`, columns['max_budget_nano_usd'], id],
    );
  }
  return { secret, id };
}

function ingress(i: number): AccessProcess {
  const found = ingresses[i % ingresses.length];
  if (found === undefined) throw new Error('no ingress');
  return found;
}

const authenticate = (secret: string, i = 0) =>
  ingress(i).authenticator.authenticate({ authorization: `Bearer ${secret}` }, `10.0.0.${serial % 200}`);

function facts(key: KeyRecord, more: Partial<AdmissionFacts> = {}): AdmissionFacts {
  serial += 1;
  return {
    requestId: RequestId.parse(`r${serial}`),
    key,
    model: 'm',
    attempts: [paid],
    inputTokens: 0,
    maxOutputTokens: 1_000,
    choices: 1,
    endUser: null,
    tags: [],
    generates: true,
    ...more,
  };
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'ok';
  } catch (error) {
    if (error instanceof GatewayError) return error.code;
    throw error;
  }
}

describe('keys', () => {
  it('are known by their secret, and only by it', async () => {
    const { secret, id } = await keyWith();
    expect(await authenticate(secret)).toMatchObject({ id, role: 'user' });
    expect(await authenticate('sk-master-of-the-tests')).toMatchObject({ role: 'master' });
    expect(await codeOf(authenticate(`${secret}x`))).toBe('invalid_api_key');
    expect(await codeOf(ingress(0).authenticator.authenticate({}, '10.0.0.1'))).toBe('invalid_api_key');
    const digest = createHmac('sha256', 'pepper-of-the-tests').update(secret).digest('hex');
    expect(await codeOf(authenticate(digest))).toBe('invalid_api_key');
  });

  it('are refused on every ingress within a second of being blocked', async () => {
    const { secret, id } = await keyWith();
    await Promise.all([0, 1, 2].map((i) => authenticate(secret, i)));
    await accounting.sql.query('UPDATE keys SET blocked = true WHERE id = $1', [id]);
    const bucket = await accounting.bus.bucket(KeysBucket);
    await bucket.put(`changed.${id}`, { v: 1, kind: 'key', id, at: new Date().toISOString() });
    const before = performance.now();
    for (const i of [0, 1, 2]) await until(async () => (await codeOf(authenticate(secret, i))) === 'invalid_api_key');
    expect(performance.now() - before).toBeLessThan(1_000);
  });

  it('cannot be guessed quickly from one address', async () => {
    const tries = Array.from({ length: 25 }, (_, i) => `sk-guess-number-${serial}-${i}`);
    const codes: string[] = [];
    for (const secret of tries) {
      codes.push(await codeOf(ingress(0).authenticator.authenticate({ 'x-api-key': secret }, '203.0.113.9')));
    }
    expect(codes.slice(0, 20)).toEqual(Array(20).fill('invalid_api_key'));
    expect(codes.at(-1)).toBe('rate_limit_exceeded');
  });

  it('that is the master key cannot be guessed quickly either, except where it was known before', async () => {
    const one = ingress(0);
    const wrong = (address: string, n: number) =>
      one.authenticator
        .authenticate({ authorization: `Bearer master${n}` }, address)
        .catch((error: GatewayError) => error.code);
    const master = (address: string) =>
      one.authenticator.authenticate({ authorization: 'Bearer sk-master-of-the-tests' }, address);
    await expect(master('192.0.2.70')).resolves.toMatchObject({ role: 'master' });
    for (const address of ['192.0.2.70', '192.0.2.71']) {
      const codes = [];
      // Also what is too short to be a key of ours: a master key may be.
      for (let n = 0; n < 25; n += 1) codes.push(await wrong(address, n + 100 * serial));
      serial += 1;
      expect(new Set(codes)).toEqual(new Set(['invalid_api_key', 'rate_limit_exceeded']));
    }
    await expect(master('192.0.2.71')).rejects.toMatchObject({ code: 'rate_limit_exceeded' });
    await expect(master('192.0.2.70')).resolves.toMatchObject({ role: 'master' });
  });

  it('is not needed on loopback where none is configured, and never missing on the network', async () => {
    const start = (variables: Record<string, string>) =>
      startAccess(nats.url, { LITELLM_MASTER_KEY: '', ...variables });
    const [local, open, allowed] = await Promise.all([
      start({}),
      start({ SIGNALBOX_HOST: '0.0.0.0' }),
      start({ SIGNALBOX_HOST: '0.0.0.0', SIGNALBOX_ALLOW_ANONYMOUS: '1' }),
    ]);
    await expect(local.authenticator.authenticate({}, '127.0.0.1')).resolves.toMatchObject({ id: 'anonymous' });
    await expect(allowed.authenticator.authenticate({}, '192.0.2.1')).resolves.toMatchObject({ id: 'anonymous' });
    await expect(open.authenticator.authenticate({}, '127.0.0.1')).rejects.toMatchObject({ code: 'invalid_api_key' });
    await Promise.all([local.stop(), open.stop(), allowed.stop()]);
  });
});

describe('budgets', () => {
  it('hold when 200 requests come at once through three ingresses', async () => {
    const { secret, id } = await keyWith({ max_budget_nano_usd: estimate * 10 + 5 });
    const key = await authenticate(secret);
    const results = await Promise.all(
      Array.from({ length: 200 }, (_, i) =>
        ingress(i)
          .access.admit(facts(key))
          .catch((error: unknown) => error),
      ),
    );
    const admissions = results.filter((result) => !(result instanceof GatewayError));
    const codes = results.flatMap((result) => (result instanceof GatewayError ? result.code : []));
    expect(admissions.length).toBeGreaterThanOrEqual(8);
    expect(admissions.length).toBeLessThanOrEqual(10);
    expect(new Set(codes)).toEqual(new Set(['insufficient_quota']));
    const { rows } = await accounting.sql.query<{ held: number }>(
      'SELECT held::integer FROM scope_window WHERE scope = $1',
      [`usd/key/${id}`],
    );
    expect(rows[0]?.held).toBeLessThanOrEqual(estimate * 10 + 5);
  });

  it('are free again for what was not used, once the usage is stored', async () => {
    const { secret, id } = await keyWith({ max_budget_nano_usd: estimate + 1_000 });
    const key = await authenticate(secret);
    const first = await ingress(0).access.admit(facts(key));
    expect(first.payer).toMatchObject({ keyId: id, reservedNanoUsd: estimate, leases: [{ scope: `usd/key/${id}` }] });
    expect(await codeOf(ingress(0).access.admit(facts(key)))).toBe('insufficient_quota');
    const event = closeEvent(`close-${id}`, { costNanoUsd: 700, payer: first.payer });
    await accounting.bus.publishDurable(UsageClose, event, { messageId: `close-${id}` });
    first.settle({ costNanoUsd: 700, tokens: 150, answered: true });
    expect(await codeOf(ingress(0).access.admit(facts(key)))).toBe('ok');
    await until(async () => {
      const { rows } = await accounting.sql.query<{ settled: number }>(
        'SELECT settled::integer FROM scope_window WHERE scope = $1',
        [`usd/key/${id}`],
      );
      return rows[0]?.settled === 700;
    });
  });

  it('never refuse what costs nothing', async () => {
    const { secret } = await keyWith({ max_budget_nano_usd: 0 });
    const key = await authenticate(secret);
    expect(await codeOf(ingress(0).access.admit(facts(key)))).toBe('insufficient_quota');
    const admission = await ingress(0).access.admit(facts(key, { attempts: [free, paid] }));
    expect(admission.attempts).toEqual([free]);
    expect(admission.outputCap).toBeNull();
  });

  it('need a price', async () => {
    const { secret } = await keyWith({ max_budget_nano_usd: 1_000_000 });
    const key = await authenticate(secret);
    expect(await codeOf(ingress(0).access.admit(facts(key, { attempts: [{ ...paid, price: null }] })))).toBe(
      'model_not_priced',
    );
  });

  it('follow a changed limit within a second', async () => {
    const { secret, id } = await keyWith({ max_budget_nano_usd: estimate * 100 });
    const key = await authenticate(secret);
    const announce = async () => {
      const bucket = await accounting.bus.bucket(KeysBucket);
      await bucket.put(`changed.${id}`, { v: 1, kind: 'key', id, at: new Date().toISOString() });
    };
    const change = (limit: number) =>
      accounting.sql.query('UPDATE budget SET limit_n = $2 WHERE scope = $1', [`usd/key/${id}`, limit]);
    expect(await codeOf(ingress(0).access.admit(facts(key)))).toBe('ok');
    await change(1);
    await announce();
    const before = performance.now();
    await until(async () => (await codeOf(ingress(0).access.admit(facts(key)))) === 'insufficient_quota');
    await change(estimate * 100);
    await announce();
    await until(async () => (await codeOf(ingress(0).access.admit(facts(key)))) === 'ok');
    expect(performance.now() - before).toBeLessThan(2_000);
  });

  it('cap the answer at what was reserved', async () => {
    const { secret } = await keyWith({ max_budget_nano_usd: estimate * 100 });
    const key = await authenticate(secret);
    const { outputCap } = await ingress(0).access.admit(facts(key, { maxOutputTokens: null }));
    expect(outputCap).toBe(16_384);
  });
});

describe('limits', () => {
  it('are exact over three ingresses', async () => {
    const { secret } = await keyWith({ rpm_limit: 20 });
    const key = await authenticate(secret);
    const codes = await Promise.all(
      Array.from({ length: 60 }, (_, i) => codeOf(ingress(i).access.admit(facts(key, { attempts: [free] })))),
    );
    expect(codes.filter((code) => code === 'ok')).toHaveLength(20);
    expect(codes.filter((code) => code === 'rate_limit_exceeded')).toHaveLength(40);
  });

  it('tell where a request stands', async () => {
    const { secret } = await keyWith({ rpm_limit: 10, tpm_limit: 5_000 });
    const key = await authenticate(secret);
    const { headers } = await ingress(1).access.admit(facts(key, { attempts: [free] }));
    expect(headers).toMatchObject({
      'x-ratelimit-limit-requests': '10',
      'x-ratelimit-remaining-requests': '9',
      'x-ratelimit-limit-tokens': '5000',
      'x-ratelimit-remaining-tokens': String(5_000 - 1_032),
    });
  });

  it('count what ran: parallel requests end, tokens are what was used, and nothing counts of a request that never ran', async () => {
    const { secret } = await keyWith({ max_parallel_requests: 1, tpm_limit: 2_000, rpm_limit: 3 });
    const key = await authenticate(secret);
    const admit = (i: number) => ingress(i).access.admit(facts(key, { attempts: [free] }));
    const first = await admit(0);
    expect(await codeOf(admit(1))).toBe('rate_limit_exceeded');
    first.settle({ costNanoUsd: 0, tokens: 100, answered: true });
    const second = await retried(() => admit(1));
    second.release();
    const third = await retried(() => admit(2));
    // The answer is there, its usage is not stored yet: who asks again need not wait for that.
    third.answered(100);
    const { headers } = await retried(() => admit(0));
    expect(headers['x-ratelimit-remaining-requests']).toBe('0');
  });

  it('hold while owners are killed', async () => {
    const limit = 30;
    const windowMs = 8_000;
    const take: LimitTake = { kind: 'requests', name: '', limit, windowMs, amount: 1 };
    const pool = await Promise.all([1, 2, 3].map(() => startAccess(nats.url)));
    const starts: number[] = [];
    const endAt = performance.now() + 20_000;
    let asked = 0;
    const load = async (i: number) => {
      while (performance.now() < endAt) {
        asked += 1;
        const { limiter } = pool[i] ?? ingress(0);
        const { kind } = await limiter.take({ owner: 'key/hunted', takes: [take] }, limiter.ticketOf(`h${asked}`));
        if (kind === 'granted') starts.push(performance.now());
        await new Promise((resolve) => setTimeout(resolve, 15));
      }
    };
    const hunt = async () => {
      for (let i = 0; performance.now() < endAt - 3_000; i = (i + 1) % 3) {
        await new Promise((resolve) => setTimeout(resolve, 4_000));
        const victim = pool[i];
        pool[i] = await startAccess(nats.url);
        await victim?.kill();
      }
    };
    await Promise.all([load(0), load(1), load(2), hunt()]);
    await Promise.all(pool.map((one) => one.stop()));
    // They all share this process, which stands still while another one starts: a start may be seen that much too late.
    const seenMs = windowMs - 600;
    const most = Math.max(...starts.map((at) => starts.filter((other) => other >= at && other < at + seenMs).length));
    expect(most).toBeLessThanOrEqual(limit);
    expect(starts.length).toBeGreaterThan(limit);
  });
});

/** An end takes a moment to reach the owner. */
async function retried<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof GatewayError) || error.code !== 'rate_limit_exceeded') throw error;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}
