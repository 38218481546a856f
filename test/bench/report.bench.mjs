// How fast reports are over many rows: `npm run bench -- report [ROWS]`. The rows and the sums beside them are made in SQL,
// spread over a year; the questions are asked over HTTP, as the console and scripts ask them.
import pg from 'pg';
import { quantile } from './load.mjs';
import { startSuite } from './suite-under-test.mjs';

const rows = Number(process.argv[2] ?? 10_000_000);
const adminKey = 'sk-bench-master-key';
const days = 365;
const chunk = 250_000;
const tries = 15;

/** One attempt of number n: 40 keys in 8 teams, 25 models on 6 backends, 30 tags, 500 customers. */
const attempt = `
  SELECT 'bench-' || n || '.0' AS attempt_id, 'bench-' || n AS request_id,
    now() - (n::float8 / $3) * interval '${days} days' AS started_at,
    'key-' || n % 40 AS key_id, 'alias-' || n % 40 AS key_alias, 'team-' || n % 8 AS team_id, 'user-' || n % 60 AS user_id,
    CASE WHEN n % 3 = 0 THEN 'customer-' || n % 500 END AS end_user,
    CASE WHEN n % 4 = 0 THEN ARRAY['job:' || n % 30] ELSE '{}'::text[] END AS tags,
    'model-' || n % 25 AS model, 'host-' || n % 6 AS backend_id, 'ollama' AS provider,
    (100 + n % 1000)::integer AS input_tokens, (20 + n % 400)::integer AS output_tokens,
    ((n % 997) * 1000)::bigint AS cost
  FROM generate_series($1::bigint, $2::bigint) AS n`;

async function monthsOf(sql) {
  for (let back = 0; back <= 13; back += 1) {
    const { rows: made } = await sql.query(
      `SELECT to_char(m, 'YYYY_MM') AS month, m::date::text AS first, (m + interval '1 month')::date::text AS next
       FROM (SELECT date_trunc('month', now() AT TIME ZONE 'UTC') - make_interval(months => $1) AS m) months`,
      [back],
    );
    const { month, first, next } = made[0];
    const name = `usage_events_${month}`;
    await sql.query(
      `CREATE TABLE IF NOT EXISTS ${name} PARTITION OF usage_events FOR VALUES FROM ('${first} 00:00:00+00') TO ('${next} 00:00:00+00')`,
    );
  }
}

/** Indexes are made afterwards, sorted: row by row they would take most of the time. Resolves with what makes them again. */
async function dropIndexes(sql) {
  const { rows: found } = await sql.query(
    `SELECT indexname AS name, replace(indexdef, ' ON ONLY ', ' ON ') AS definition FROM pg_indexes
     WHERE tablename = 'usage_events' AND indexname <> 'usage_events_pkey'`,
  );
  for (const { name } of found) await sql.query(`DROP INDEX ${name}`);
  await sql.query('ALTER TABLE usage_events DROP CONSTRAINT usage_events_pkey');
  return [
    ...found.map(({ definition }) => definition),
    'ALTER TABLE usage_events ADD PRIMARY KEY (attempt_id, started_at)',
  ];
}

async function fill(sql) {
  await sql.query(`SET TIME ZONE 'UTC'; SET synchronous_commit = off; SET maintenance_work_mem = '512MB'`);
  await monthsOf(sql);
  const indexes = await dropIndexes(sql);
  for (let from = 0; from < rows; from += chunk) {
    await sql.query(
      `INSERT INTO usage_events (attempt_id, request_id, started_at, ended_at, key_id, key_alias, team_id, user_id, end_user,
         tags, model_asked, model_group, upstream_model, deployment_id, backend_id, provider, endpoint, stream, outcome,
         input_tokens, cached_input_tokens, cache_write_tokens, output_tokens, reasoning_tokens, token_source,
         cost_nano_usd, cost_source, cloud_equivalent_nano_usd, duration_ms, cache_hit, source)
       SELECT attempt_id, request_id, started_at, started_at + interval '2 seconds', key_id, key_alias, team_id, user_id,
         end_user, tags, model, model, model, 'd-' || model, backend_id, provider, 'chat', true, 'success', input_tokens, 0,
         0, output_tokens, 0, 'upstream', cost, 'config', cost, 2000, false, 'worker'
       FROM (${attempt}) a`,
      [from, Math.min(rows, from + chunk) - 1, rows],
    );
    process.stderr.write(`\r${Math.min(rows, from + chunk)} rows`);
  }
  process.stderr.write('\n');
  for (const definition of indexes) await sql.query(definition);
  const sums = `count(*), sum(input_tokens), sum(output_tokens), sum(cost_nano_usd), sum(cloud_equivalent_nano_usd), sum(duration_ms)::bigint`;
  const columns = 'requests, input_tokens, output_tokens, spend_nano_usd, cloud_equivalent_nano_usd, duration_ms';
  await sql.query(
    `INSERT INTO daily_spend (day, key_id, team_id, user_id, model, upstream_model, backend_id, provider, ${columns})
     SELECT started_at::date, key_id, team_id, user_id, model_asked, upstream_model, backend_id, provider, ${sums}
     FROM usage_events GROUP BY 1, 2, 3, 4, 5, 6, 7, 8`,
  );
  await sql.query(
    `INSERT INTO daily_tag_spend (day, tag, model, ${columns})
     SELECT started_at::date, t.tag, model_asked, ${sums} FROM usage_events, unnest(tags) AS t (tag) GROUP BY 1, 2, 3`,
  );
  await sql.query(
    `INSERT INTO daily_customer_spend (day, end_user, model, ${columns})
     SELECT started_at::date, end_user, model_asked, ${sums} FROM usage_events WHERE end_user IS NOT NULL GROUP BY 1, 2, 3`,
  );
  await sql.query(
    `INSERT INTO spend_total (kind, id, ${columns}) SELECT 'global', '', ${sums} FROM usage_events
     ON CONFLICT (kind, id) DO UPDATE SET requests = excluded.requests`,
  );
  await sql.query('VACUUM ANALYZE');
  const { rows: counted } = await sql.query(
    'SELECT (SELECT count(*) FROM usage_events)::integer AS rows, (SELECT count(*) FROM daily_spend)::integer AS daily',
  );
  return counted[0];
}

async function time(suite, path) {
  const latencies = [];
  for (let n = 0; n < tries; n += 1) {
    const begun = performance.now();
    const answer = await fetch(`${suite.url}${path}`, { headers: { authorization: `Bearer ${adminKey}` } });
    const text = await answer.text();
    latencies.push(performance.now() - begun);
    if (answer.ok) continue;
    process.stdout.write(`| ${path} | ${answer.status} after ${latencies.at(-1).toFixed(0)} ms: ${text} | | |\n`);
    return;
  }
  const [first, ...others] = latencies;
  const cells = [first, quantile(others, 0.5), Math.max(...others)].map((ms) => ms.toFixed(0));
  process.stdout.write(`| ${path} | ${cells.join(' | ')} |\n`);
}

const day = (back) => new Date(Date.now() - back * 86_400_000).toISOString().slice(0, 10);
const suite = await startSuite(adminKey);
const sql = new pg.Client({ connectionString: suite.databaseUrl });
try {
  await sql.connect();
  const made = await fill(sql);
  process.stdout.write(`${made.rows} rows; ${made.daily} daily sums\n\n`);
  process.stdout.write('| question | first, ms | median, ms | longest, ms |\n| --- | --- | --- | --- |\n');
  const month = `start_date=${day(29)}&end_date=${day(0)}`;
  const year = `start_date=${day(days - 1)}&end_date=${day(0)}`;
  for (const path of [
    `/global/spend/report?${month}&group_by=team`,
    `/global/spend/report?${month}&group_by=api_key`,
    `/global/spend/report?${month}&group_by=customer`,
    `/global/spend/report?${year}&group_by=team`,
    `/global/spend/report?${year}&group_by=model`,
    `/global/activity?${month}`,
    `/global/activity?${year}`,
    `/spend/tags?${month}`,
    `/spend/tags?${year}`,
    `/spend/logs?limit=100`,
    `/spend/logs?summarize=false&limit=100&${month}`,
    `/spend/logs?limit=100&team_id=team-3`,
    `/spend/logs?limit=100&model=model-7`,
    `/spend/logs?limit=100&end_user=customer-33`,
    `/spend/logs?limit=100&tags=job:12`,
    `/spend/logs?limit=100&status=failure`,
    `/spend/logs?request_id=bench-123456`,
    `/spend/logs?summarize=true&${month}`,
    `/global/spend`,
  ]) {
    await time(suite, path);
  }
} finally {
  await sql.end();
  await suite.stop();
}
