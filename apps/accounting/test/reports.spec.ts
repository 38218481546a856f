/** Spend as admins and keys see it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  AttemptId,
  GenerateKey,
  GlobalSpend,
  KeepPrompt,
  KeyDigest,
  KeyId,
  ListSpendLogs,
  RankSpend,
  ReportActivity,
  ReportSpend,
  ReportTags,
  RequestId,
  SummarizeSpend,
} from '#contracts';
import { startNats, startPostgres, type TestDatabase, type TestServer } from '#testing';
import { readUsage } from '../usage/usage-row.js';
import { UsageStore } from '../usage/usage.store.js';
import { startAccounting, type AccountingService } from './accounting-service.js';
import { closeEvent, sampleSnapshot } from './samples.js';

let nats: TestServer;
let postgres: TestDatabase;
let service: AccountingService;

/** 30 attempts: two days, three models, two keys of two teams. */
const events = Array.from({ length: 30 }, (_, i) =>
  closeEvent(`r${String(i).padStart(2, '0')}`, {
    startedAt: `2026-11-${i < 20 ? '19' : '20'}T10:00:${String(i).padStart(2, '0')}.000Z`,
    endedAt: `2026-11-${i < 20 ? '19' : '20'}T10:01:00.000Z`,
    modelAsked: ['small', 'large', 'huge'][i % 3],
    costNanoUsd: 1_000_000 * (i % 3),
    outcome: i % 10 === 9 ? 'failure' : 'success',
    payer: {
      keyId: i % 2 === 0 ? 'key-even' : 'key-odd',
      keyAlias: i % 2 === 0 ? 'even' : 'odd',
      teamId: i % 2 === 0 ? 'team-even' : 'team-odd',
      userId: 'ada',
      endUser: i < 5 ? 'customer-1' : null,
      tags: i < 10 ? ['job:a', `n:${i % 2}`] : [],
    },
  }),
);

beforeAll(async () => {
  [nats, postgres] = await Promise.all([startNats(), startPostgres()]);
  service = await startAccounting({ natsUrl: nats.url, databaseUrl: postgres.url, snapshot: sampleSnapshot() });
  const rows = events.flatMap((event) => {
    const read = readUsage('usage.close', event);
    return read.kind === 'close' ? read.row : [];
  });
  await service.get(UsageStore).post(rows, []);
});
afterAll(async () => {
  await service.stop();
  await Promise.all([nats.stop(), postgres.stop()]);
});

const november = { v: 1 as const, seenBy: null, start_date: '2026-11-01', end_date: '2026-11-30' };
const seenByEven = { keyId: KeyId.parse('key-even') };
const logs = (query: object) => service.bus.request(ListSpendLogs, { v: 1, seenBy: null, ...query });

describe('spend logs', () => {
  it('come by page, newest first, each row once', async () => {
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page: Awaited<ReturnType<typeof logs>> = await logs({ limit: 7, cursor });
      seen.push(...page.rows.map((row) => row.request_id));
      cursor = page.next;
    } while (cursor !== null);
    expect(seen).toEqual(events.map((event) => event.requestId).reverse());
  });

  it.each([
    [{ model: 'large' }, 10],
    [{ model: 'gemma4:26b' }, 30],
    [{ key_alias: 'odd' }, 15],
    [{ key: 'key-even' }, 15],
    [{ team_id: 'team-odd', model: 'huge' }, 5],
    [{ user_id: 'ada' }, 30],
    [{ end_user: 'customer-1' }, 5],
    [{ request_id: 'r03' }, 1],
    [{ tags: ['job:a'] }, 10],
    [{ tags: ['job:a', 'n:1'] }, 5],
    [{ status: 'failure' }, 3],
    [{ start_date: '2026-11-20' }, 10],
    [{ end_date: '2026-11-19' }, 20],
    [{ start_date: '2026-11-19T10:00:05Z', end_date: '2026-11-19T10:00:10Z' }, 5],
    [{ seenBy: seenByEven }, 15],
    [{ seenBy: seenByEven, key: 'key-odd' }, 0],
    [{ model: "x' OR '1'='1" }, 0],
  ])('are filtered by %o', async (query, expected) => {
    expect((await logs(query)).rows).toHaveLength(expected);
  });

  it.each([
    [{ cursor: 'nonsense' }, 'cursor'],
    [{ start_date: 'then' }, 'start_date'],
  ])('refuse %o', async (query, param) => {
    await expect(logs(query)).rejects.toMatchObject({ code: 'invalid_request', details: { param } });
  });

  it('come as CSV', async () => {
    const first = await logs({ csv: true, limit: 20 });
    const second = await logs({ csv: true, limit: 20, cursor: first.next });
    expect(`${first.csv}${second.csv}`.trimEnd().split('\r\n')).toHaveLength(31);
    expect(first.rows).toEqual([]);
  });

  it('are summed up by day', async () => {
    const { days } = await service.bus.request(SummarizeSpend, november);
    expect(days.map((day) => day.startTime)).toEqual(['2026-11-19', '2026-11-20']);
    const total = days.reduce((sum, day) => sum + day.spend, 0);
    expect(total).toBeCloseTo(0.03);
    expect(days[0]?.users['ada']).toBeCloseTo(days[0]?.spend ?? 0);
    expect(days[0]?.models['small']).toBe(0);
  });
});

describe('reports', () => {
  it.each([
    ['team', ['team-even', 'team-odd']],
    ['api_key', ['key-even', 'key-odd']],
    ['user', ['ada']],
    ['model', ['huge', 'large', 'small']],
    ['provider', ['ollama']],
    ['backend', ['mac-studio']],
    ['tag', ['job:a', 'n:0', 'n:1']],
    ['customer', ['customer-1']],
  ] as const)('by %s', async (group_by, expected) => {
    const report = await service.bus.request(ReportSpend, { ...november, group_by });
    expect(report.totals.map((line) => line.id).sort()).toEqual(expected);
    expect(report.truncated).toBe(false);
    const inDays = report.days.flatMap((day) => day.groups).reduce((sum, group) => sum + group.spend, 0);
    expect(inDays).toBeCloseTo(report.totals.reduce((sum, line) => sum + line.spend, 0));
    for (const group of report.days.flatMap((day) => day.groups)) {
      expect(group.metadata.reduce((sum, one) => sum + one.spend, 0)).toBeCloseTo(group.spend);
    }
  });

  it('count what was answered and what failed', async () => {
    const { totals } = await service.bus.request(ReportSpend, { ...november, group_by: 'user' });
    expect(totals).toMatchObject([
      { requests: 27, failures: 3, prompt_tokens: 3_000, completion_tokens: 1_500, total_tokens: 4_500 },
    ]);
    expect(totals[0]?.spend).toBeCloseTo(0.03);
    expect(totals[0]?.cloud_equivalent_spend).toBeCloseTo(0.12);
  });

  it('show a key its own only, also its tags and customers', async () => {
    const own = { ...november, seenBy: seenByEven };
    const byModel = await service.bus.request(ReportSpend, { ...own, group_by: 'model' });
    expect(byModel.totals.reduce((sum, line) => sum + line.requests + line.failures, 0)).toBe(15);
    const { tags } = await service.bus.request(ReportTags, own);
    expect(tags.map((tag) => [tag.individual_request_tag, tag.log_count])).toEqual([
      ['job:a', 5],
      ['n:0', 5],
    ]);
    const { lines } = await service.bus.request(RankSpend, { ...own, group_by: 'customer' });
    expect(lines).toMatchObject([{ id: 'customer-1', requests: 3 }]);
  });

  it('name teams and keys as people do', async () => {
    const digest = KeyDigest.parse('b'.repeat(64));
    const actor = { kind: 'master' as const, keyId: null, alias: null };
    const { key } = await service.bus.request(GenerateKey, {
      v: 1,
      actor,
      secret: { digest, last4: 'bbbb' },
      fields: { key_alias: 'named', logging: 'full' },
    });
    const read = readUsage('usage.close', closeEvent('named', { payer: { keyId: key.token } }));
    if (read.kind === 'close') await service.get(UsageStore).post([read.row], []);
    const { lines } = await service.bus.request(RankSpend, { ...november, group_by: 'api_key' });
    expect(lines).toContainEqual(expect.objectContaining({ id: key.token, name: 'named' }));
    // Only what this key spent is the key's spend.
    const { rows } = await service.sql.query(`SELECT spend_nano_usd FROM spend_total WHERE id = $1`, [key.token]);
    expect(rows).toEqual([{ spend_nano_usd: 1_500_000 }]);

    const keep = (attempt: string, keyId: KeyId | null) =>
      service.bus.request(KeepPrompt, {
        v: 1,
        attemptId: AttemptId.parse(attempt),
        requestId: RequestId.parse('named'),
        keyId,
        model: 'small',
        prompt: [{ role: 'user', content: 'nul \u0000' }],
        answer: { text: 'fine' },
      });
    expect(await keep('named.0', key.token)).toMatchObject({ kept: true });
    expect(await keep('other.0', KeyId.parse('key-even'))).toMatchObject({ kept: false });
    expect(await keep('other.0', null)).toMatchObject({ kept: false });
    const kept = await service.sql.query('SELECT prompt, answer FROM prompt_log');
    expect(kept.rows).toEqual([{ prompt: [{ role: 'user', content: 'nul ' }], answer: { text: 'fine' } }]);
  });

  it('show activity by day and by model', async () => {
    const report = await service.bus.request(ReportActivity, { ...november, end_date: '2026-11-19', byModel: true });
    expect(report.all).toMatchObject({
      daily_data: [{ date: 'Nov 19', day: '2026-11-19', api_requests: 18, failed_requests: 2, total_tokens: 3_000 }],
      sum_api_requests: 18,
      sum_total_tokens: 3_000,
    });
    expect(report.models.map((one) => one.model).sort()).toEqual(['huge', 'large', 'small']);
  });

  it('know what everything together cost', async () => {
    expect(await service.bus.request(GlobalSpend, { v: 1 })).toMatchObject({ requests: 28, max_budget: null });
    const general = { maxBudget: '100', budgetDuration: '30d' };
    await service.publishConfig(sampleSnapshot({}, general));
    await expect
      .poll(() => service.bus.request(GlobalSpend, { v: 1 }), { timeout: 5_000 })
      .toMatchObject({ max_budget: 100 });
  });
});

describe('the sums of each day by one thing', () => {
  it('are those of the rows, after corrections too', async () => {
    // A worker's word comes after an ingress' guess: the sums of its day change, and those of the thing with them.
    for (const [source, costNanoUsd] of [
      ['ingress', 5_000_000],
      ['worker', 7_000_000],
    ] as const) {
      const event = closeEvent('guessed', { source, costNanoUsd, startedAt: '2026-11-20T10:00:00.000Z' });
      const read = readUsage('usage.close', event);
      if (read.kind === 'close') await service.get(UsageStore).post([read.row], []);
    }
    for (const [kind, column] of [
      ['team', 'team_id'],
      ['user', 'user_id'],
      ['api_key', 'key_id'],
      ['model', 'model'],
      ['provider', 'provider'],
      ['backend', 'backend_id'],
    ] as const) {
      const numbers = (name: string) =>
        `requests::bigint, failures::bigint, input_tokens::bigint, output_tokens::bigint, spend_nano_usd::bigint, ${name} AS id`;
      const { rows: kept } = await service.sql.query(
        `SELECT day, ${numbers('id')} FROM daily_group_spend WHERE kind = $1 ORDER BY day, id`,
        [kind],
      );
      const { rows: summed } = await service.sql.query(
        `SELECT day, ${numbers('id')} FROM (SELECT day, ${column} AS id, sum(requests) AS requests, sum(failures) AS failures,
           sum(input_tokens) AS input_tokens, sum(output_tokens) AS output_tokens, sum(spend_nano_usd) AS spend_nano_usd
         FROM daily_spend GROUP BY 1, 2) s ORDER BY day, id`,
      );
      expect(kept.length).toBeGreaterThan(1);
      expect(kept).toEqual(summed);
    }
  });

  it('answer over a year as over a month', async () => {
    const year = { ...november, start_date: '2026-01-01', end_date: '2026-12-31' };
    const sumsOf = async (period: typeof november) => {
      const { days } = await service.bus.request(ReportSpend, { ...period, group_by: 'team' });
      return days.map((day) => [
        day.group_by_day,
        day.groups.map(({ id, name, spend, requests }) => ({ id, name, spend, requests })),
      ]);
    };
    expect(await sumsOf(year)).toEqual(await sumsOf(november));
  });
});
