/** Leases and postings against a real PostgreSQL, with the arithmetic of the pure core as the reference. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { BudgetInfo, LeaseBudget, RecallLeases, RenewLeases, UsageClose, UsageOpen } from '#contracts';
import { startNats, startPostgres, type TestDatabase, type TestServer } from '#testing';
import { LeaseStore, leasePolicy } from '../budgets/lease.store.js';
import { startAccounting, until, type AccountingService } from './accounting-service.js';
import { closeEvent, openEvent, sampleSnapshot } from './samples.js';

let nats: TestServer;
let postgres: TestDatabase;
let service: AccountingService;
let scope = '';
let serial = 0;

beforeAll(async () => {
  [nats, postgres] = await Promise.all([startNats(), startPostgres()]);
  service = await startAccounting({ natsUrl: nats.url, databaseUrl: postgres.url, snapshot: sampleSnapshot() });
});
afterAll(async () => {
  await service.stop();
  await Promise.all([nats.stop(), postgres.stop()]);
});
beforeEach(async () => {
  serial += 1;
  scope = await budget(1_000);
});

/** Sets a budget of its own for a test. */
async function budget(limit: number, more: { duration?: string; unit?: string; soft?: number } = {}): Promise<string> {
  const name = `${more.unit ?? 'usd'}/key/k${serial}`;
  await service.sql.query(
    `INSERT INTO budget (scope, unit, limit_n, soft_limit_n, duration, owner_kind, owner_id)
     VALUES ($1, $2, $3, $4, $5, 'key', $6)
     ON CONFLICT (scope) DO UPDATE SET limit_n = excluded.limit_n, duration = excluded.duration,
       soft_limit_n = excluded.soft_limit_n`,
    [name, more.unit ?? 'usd', limit, more.soft ?? null, more.duration ?? null, `k${serial}`],
  );
  return name;
}

const want = (leaseId: string, need: number, more = need) => ({ leaseId, scope, need, want: more });

async function lease(...wants: ReturnType<typeof want>[]) {
  const reply = await service.bus.request(LeaseBudget, { v: 1, holder: 'g1', epoch: 1, wants }, { deadlineMs: 20_000 });
  return reply.answers;
}

async function row() {
  const { rows } = await service.sql.query<{ settled: number; held: number; overrun: number; windowId: string }>(
    `SELECT settled::integer, held::integer, overrun::integer, window_id AS "windowId" FROM scope_window WHERE scope = $1`,
    [scope],
  );
  return rows[0];
}

async function close(attempt: string, costNanoUsd: number, leaseId: string, windowId = 'all') {
  const leases = [{ id: leaseId, scope, windowId }];
  await service.bus.publishDurable(UsageClose, closeEvent(attempt, { costNanoUsd, payer: { leases } }), {
    messageId: `${scope} ${attempt} ${costNanoUsd}`,
  });
}

describe('leases', () => {
  it('are granted out of what is left, and never beyond it', async () => {
    expect(await lease(want('a1', 10))).toMatchObject([{ kind: 'granted', granted: 50, windowLeftMs: null }]);
    expect(await lease(want('a2', 900))).toMatchObject([{ kind: 'granted', granted: 900 }]);
    expect(await lease(want('a3', 51))).toMatchObject([{ kind: 'denied', limit: 1_000, settled: 0, held: 950 }]);
    expect(await row()).toMatchObject({ settled: 0, held: 950 });
  });

  it('are the same however often they are asked for', async () => {
    const first = await lease(want('b1', 100));
    expect(await lease(want('b1', 100))).toEqual(first);
    expect(await row()).toMatchObject({ held: 100 });
  });

  it('never go beyond the limit when 200 are asked for at once', async () => {
    const answers = await Promise.all(Array.from({ length: 200 }, (_, i) => lease(want(`c${i}`, 100))));
    expect(answers.flat().filter(({ kind }) => kind === 'granted')).toHaveLength(10);
    expect(await row()).toMatchObject({ held: 1_000 });
  });

  it('are unlimited where there is no budget', async () => {
    expect(await lease({ leaseId: 'd1', scope: 'usd/key/nobody', need: 5, want: 5 })).toMatchObject([
      { kind: 'unlimited' },
    ]);
  });

  it('follow a new limit at once, in windows that are running', async () => {
    await lease(want('e1', 600));
    await budget(500);
    expect(await lease(want('e2', 1))).toMatchObject([{ kind: 'denied', limit: 500 }]);
    await budget(5_000);
    expect(await lease(want('e3', 1_000))).toMatchObject([{ kind: 'granted', granted: 1_000 }]);
    expect(await row()).toMatchObject({ held: 1_600, overrun: 0 });
  });

  it('belong to the window of the database clock', async () => {
    await budget(1_000, { duration: '1d' });
    const [answer] = await lease(want('f1', 100));
    const day = new Date().toISOString().slice(0, 10);
    expect(answer).toMatchObject({ kind: 'granted', windowId: `1d@${day}T00:00:00.000Z` });
    const { budgets } = await service.bus.request(BudgetInfo, { v: 1, scopes: [scope, 'usd/key/nobody'] });
    expect(budgets).toMatchObject([{ scope, limit: 1_000, held: 100, startedAt: `${day}T00:00:00.000Z` }]);
  });

  it('come back when they are released, whatever is lost or repeated', async () => {
    await lease(want('g1', 100));
    const renew = (released: number) =>
      service.bus.request(RenewLeases, {
        v: 1,
        holder: 'g1',
        leases: [{ leaseId: 'g1', scope, windowId: 'all', released }],
      });
    expect((await renew(60)).leases).toMatchObject([{ state: 'open', ttlMs: leasePolicy.ttlMs }]);
    await renew(60);
    await renew(20);
    expect(await row()).toMatchObject({ held: 40 });
    await renew(1_000);
    expect(await row()).toMatchObject({ held: 0 });
  });

  it('are called back from holders that do not use them', async () => {
    const [granted] = await lease(want('h1', 900));
    expect(granted).toMatchObject({ kind: 'granted' });
    const listener = service.bus.subscribe(RecallLeases, (event) => {
      if (event.scope === scope)
        void service.bus.request(RenewLeases, {
          v: 1,
          holder: 'g1',
          leases: [{ leaseId: 'h1', scope, windowId: 'all', released: 900 }],
        });
    });
    await service.bus.flush();
    expect(await lease(want('h2', 500))).toMatchObject([{ kind: 'granted', granted: 500 }]);
    listener.stop();
  });
});

describe('postings', () => {
  it('replace what was held by what was spent', async () => {
    await lease(want('p1', 100));
    await close(`${scope}-1`, 30, 'p1');
    await until(async () => (await row())?.settled === 30);
    expect(await row()).toMatchObject({ settled: 30, held: 70, overrun: 0 });
    const { rows } = await service.sql.query('SELECT sum(amount)::integer AS sum FROM ledger WHERE scope = $1', [
      scope,
    ]);
    expect(rows).toEqual([{ sum: 30 }]);
  });

  it('tell the truth also where it is above the reservation', async () => {
    await lease(want('q1', 1_000));
    await close(`${scope}-1`, 1_200, 'q1');
    await until(async () => (await row())?.settled === 1_200);
    expect(await row()).toMatchObject({ settled: 1_200, held: 0, overrun: 200 });
    expect(await lease(want('q2', 1))).toMatchObject([{ kind: 'denied', settled: 1_200 }]);
  });

  it('raise an alert once for each line', async () => {
    await budget(1_000, { soft: 500 });
    await lease(want('r1', 1_000));
    for (const [i, cost] of [400, 150, 300, 60, 90].entries()) await close(`${scope}-${i}`, cost, 'r1');
    await until(async () => {
      const { rows } = await service.sql.query('SELECT 1 FROM budget_alert WHERE scope = $1', [scope]);
      return rows.length === 3;
    });
    const { rows } = await service.sql.query('SELECT threshold FROM budget_alert WHERE scope = $1 ORDER BY 1', [scope]);
    expect(rows).toEqual([{ threshold: '100' }, { threshold: '80' }, { threshold: 'soft' }]);
  });
});

describe('leases that nobody renews', () => {
  const endAll = (postedUntil: number) => service.get(LeaseStore).endExpired(postedUntil);
  const age = (id: string, seconds: number) =>
    service.sql.query(`UPDATE lease SET expires_at = now() - make_interval(secs => $2) WHERE id = $1`, [id, seconds]);
  const state = async (id: string) =>
    (await service.sql.query<{ state: string }>('SELECT state FROM lease WHERE id = $1', [id])).rows[0]?.state;
  const longAgo = 3_600;

  it('keep their amount until nothing can be posted on them any more', async () => {
    await lease(want('s1', 100));
    await age('s1', 5);
    await endAll(Date.now());
    expect([await state('s1'), (await row())?.held]).toEqual(['expired', 100]);
    await age('s1', longAgo);
    await endAll(0);
    expect([await state('s1'), (await row())?.held]).toEqual(['expired', 100]);
    await endAll(Date.now());
    expect([await state('s1'), (await row())?.held]).toEqual(['closed', 0]);
  });

  it('wait for attempts that are still open', async () => {
    await lease(want('t1', 100));
    const open = openEvent(`${scope}-1`, { payer: { leases: [{ id: 't1', scope, windowId: 'all' }] } });
    await service.bus.publishDurable(
      UsageOpen,
      { ...open, expiresAt: '2099-01-01T00:00:00.000Z' },
      { messageId: scope },
    );
    await until(async () => {
      const { rows } = await service.sql.query(`SELECT 1 FROM usage_open WHERE 't1' = ANY (lease_ids)`);
      return rows.length === 1;
    });
    await age('t1', longAgo);
    await endAll(Date.now());
    expect([await state('t1'), (await row())?.held]).toEqual(['expired', 100]);
  });
});
