// How fast accounting posts usage: `npm run bench -- ledger [EVENTS]`. Events are published as workers publish them, half of
// them openings and closings of budgeted keys; the time runs until every row is there and every event acknowledged.
import pg from 'pg';
import { Bus } from '#bus';
import { UsageClose, UsageOpen } from '#contracts';
import { Logger, Metrics } from '#telemetry';
import { cpuMs, processTree } from './process-cost.mjs';
import { startSuite } from './suite-under-test.mjs';

const events = Number(process.argv[2] ?? 150_000);
/** A third are openings, a third their closings, a third closings of keys without a budget. */
const attempts = Math.floor((events * 2) / 3);
const keys = 50;
const inFlight = 2_000;

const pick = (from, n) => from[n % from.length];
const models = Array.from({ length: 12 }, (_, n) => `model-${n}`);
const teams = ['red', 'green', 'blue', null];

function attemptOf(run, n) {
  const key = n % keys;
  const isBudgeted = n % 2 === 0;
  const scope = { id: `bench-${key}`, scope: `usd/key/key-${key}`, windowId: 'all' };
  return {
    v: 1,
    attemptId: `${run}-${n}.0`,
    requestId: `${run}-${n}`,
    startedAt: new Date().toISOString(),
    payer: {
      keyId: `key-${key}`,
      keyAlias: `alias-${key}`,
      teamId: pick(teams, n),
      userId: n % 3 === 0 ? `user-${n % 20}` : null,
      endUser: n % 5 === 0 ? `customer-${n % 200}` : null,
      tags: n % 4 === 0 ? [`job:${n % 10}`] : [],
      leases: isBudgeted ? [scope] : [],
      reservedNanoUsd: 1_000_000,
      reservedTokens: 0,
    },
    modelAsked: pick(models, n),
    modelGroup: pick(models, n),
    upstreamModel: pick(models, n),
    deploymentId: `d-${n % 24}`,
    backendId: `host-${n % 6}`,
    provider: 'ollama',
    endpoint: 'chat',
    stream: true,
    traceId: null,
  };
}

function closingOf(attempt, n) {
  return {
    ...attempt,
    endedAt: new Date().toISOString(),
    source: 'worker',
    outcome: 'success',
    errorCode: null,
    finishReason: 'stop',
    usage: {
      inputTokens: 100 + (n % 1_000),
      cachedInputTokens: 0,
      cacheWriteTokens: 0,
      outputTokens: 50 + (n % 300),
      reasoningTokens: 0,
      source: 'upstream',
    },
    costNanoUsd: 500_000,
    costSource: 'config',
    cloudEquivalentNanoUsd: 900_000,
    durationMs: 1_234.5,
    queuedMs: 10,
    firstTokenMs: 200,
    tokensPerSecond: 40,
    contextUsedPercent: 12,
    dataPolicy: 'local',
    cacheHit: false,
  };
}

/** Publishes all attempts of a run, so many at a time; resolves once JetStream has them. */
async function publishAll(bus, run) {
  let next = 0;
  const lane = async () => {
    while (next < attempts) {
      const n = next++;
      const attempt = attemptOf(run, n);
      if (attempt.payer.leases.length > 0) {
        const open = { ...attempt, expiresAt: new Date(Date.now() + 3_600_000).toISOString() };
        await bus.publishDurable(UsageOpen, open, { messageId: `${attempt.attemptId}:open` });
      }
      await bus.publishDurable(UsageClose, closingOf(attempt, n), { messageId: `${attempt.attemptId}:close` });
    }
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
}

async function allPosted(sql, run) {
  for (;;) {
    const { rows } = await sql.query(
      `SELECT (SELECT count(*)::integer FROM attempts WHERE attempt_id LIKE $1) AS posted,
         (SELECT count(*)::integer FROM usage_open) AS open`,
      [`${run}-%`],
    );
    if (rows[0].posted === attempts && rows[0].open === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function report(name, milliseconds, costMs) {
  const perSecond = (events / milliseconds) * 1_000;
  const each = Object.entries(costMs).map(([process, ms]) => `${process} ${((ms / events) * 1_000).toFixed(0)}`);
  process.stdout.write(`| ${name} | ${events} | ${perSecond.toFixed(0)} | ${each.join(', ')} |\n`);
}

const suite = await startSuite('sk-bench-master-key');
const metrics = new Metrics({ service: 'bench', version: 'bench', processMetrics: false });
const bus = await Bus.connect({
  url: suite.natsUrl,
  user: 'provider-ollama',
  password: suite.natsPasswordOf('provider-ollama'),
  name: 'bench',
  logger: Logger.create('provider-ollama', 'error'),
  metrics,
});
const sql = new pg.Client({ connectionString: suite.databaseUrl });
const cost = () => ({
  accounting: cpuMs([suite.pidOf('accounting')]),
  PostgreSQL: cpuMs(processTree(suite.pidOf('postgres'))),
  NATS: cpuMs([suite.pidOf('nats')]),
});
const since = (before) => Object.fromEntries(Object.entries(cost()).map(([name, ms]) => [name, ms - before[name]]));
try {
  await sql.connect();
  const scopes = `SELECT 'usd/key/key-' || n AS scope, 'bench-' || n AS lease FROM generate_series(0, ${keys - 1}) n`;
  const most = 1_000_000_000_000_000;
  await sql.query(
    `INSERT INTO scope_window (scope, window_id, limit_n, held) SELECT scope, 'all', ${most}, ${most} FROM (${scopes}) s`,
  );
  await sql.query(
    `INSERT INTO lease (id, scope, window_id, holder, epoch, granted, expires_at)
     SELECT lease, scope, 'all', 'bench', 1, ${most}, now() + interval '1 day' FROM (${scopes}) s`,
  );
  process.stdout.write('| ledger | events | events/s | CPU us per event |\n| --- | --- | --- | --- |\n');
  for (const round of ['warm-up', 'a backlog', 'a backlog again']) {
    const run = round.replaceAll(' ', '-');
    process.kill(suite.pidOf('accounting'), 'SIGSTOP');
    await publishAll(bus, run);
    const before = cost();
    const begun = performance.now();
    process.kill(suite.pidOf('accounting'), 'SIGCONT');
    await allPosted(sql, run);
    report(round, performance.now() - begun, since(before));
  }
  const before = cost();
  const begun = performance.now();
  await Promise.all([publishAll(bus, 'live'), allPosted(sql, 'live')]);
  report('while they are published', performance.now() - begun, since(before));
} finally {
  await sql.end();
  await bus.drain();
  await suite.stop();
}
