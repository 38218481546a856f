/** The ledger survives the backup and restore of docs/operations/backup.md, with PostgreSQL's own tools where they are installed. */
import { chownSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrate } from '../../apps/accounting/database/data-source.client.js';
import { at, attempt, findProgram, list, run, text, textOf } from './deployment-files.js';

/** A whole installation: its server is started, because pg_dump must not be older than the server. */
const bin =
  findProgram(['pg_config'], '--bindir') === null
    ? '/usr/lib/postgresql/15/bin'
    : run('pg_config', ['--bindir']).trim();
const isInstalled = ['initdb', 'pg_ctl', 'pg_dump', 'pg_restore'].every(
  (name) => findProgram([join(bin, name)], '--version') !== null,
);
/** PostgreSQL refuses to run as root. */
const isRoot = process.getuid?.() === 0;

function asServer(name: string, args: readonly string[]): void {
  const words = isRoot ? ['setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups'] : [];
  const { code, output } = attempt('env', ['-C', '/', ...words, join(bin, name), ...args]);
  if (code !== 0) throw new Error(`${name}: ${output}`);
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

async function query(url: string, sql: string): Promise<readonly unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, unknown>>(sql);
    return rows;
  } finally {
    await client.end();
  }
}

/** Attempts over three months, with their usage and ledger entries. */
const books = [
  `INSERT INTO attempts (attempt_id, started_at, source)
   SELECT 'a' || n, now() - n * interval '40 minutes', 'worker' FROM generate_series(1, 3000) n`,
  `INSERT INTO usage_events (attempt_id, request_id, started_at, ended_at, model_asked, model_group, upstream_model, deployment_id,
     backend_id, provider, endpoint, stream, outcome, input_tokens, cached_input_tokens, cache_write_tokens, output_tokens,
     reasoning_tokens, token_source, cost_nano_usd, cost_source, duration_ms, cache_hit, source)
   SELECT attempt_id, attempt_id, started_at, started_at + interval '2 seconds', 'smart', 'smart', 'm', 'd', 'openrouter', 'openrouter',
     'chat', true, 'success', 100, 0, 0, 50, 0, 'upstream', 1234567, 'table', 2000, false, 'worker' FROM attempts`,
  `INSERT INTO ledger (attempt_id, kind, source, amount, posted_at)
   SELECT attempt_id, 'charge', 'worker', 1234567, started_at FROM attempts`,
];

const facts = `SELECT (SELECT count(*)::int FROM attempts) AS attempts, (SELECT count(*)::int FROM usage_events) AS usage,
  (SELECT sum(amount)::text FROM ledger) AS ledger, (SELECT sum(spend)::text FROM litellm_logs) AS spend,
  (SELECT count(*)::int FROM schema_steps) AS steps,
  (SELECT md5(string_agg(attempt_id || started_at || cost_nano_usd, ',' ORDER BY attempt_id)) FROM usage_events) AS digest`;

describe.skipIf(!isInstalled)('backup and restore (skipped where no PostgreSQL is installed beside its tools)', () => {
  let folder = '';
  let source = '';
  let restored = '';

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'signalbox-backup-'));
    if (isRoot) chownSync(folder, Number(run('id', ['-u', 'postgres'])), Number(run('id', ['-g', 'postgres'])));
    const port = String(await freePort());
    asServer('initdb', ['-D', join(folder, 'data'), '-A', 'trust', '-U', 'signalbox', '--no-sync']);
    asServer('pg_ctl', [
      '-D',
      join(folder, 'data'),
      '-l',
      join(folder, 'log'),
      '-w',
      '-o',
      `-p ${port} -k ${folder} -c listen_addresses=127.0.0.1`,
      'start',
    ]);
    const base = `postgresql://signalbox@127.0.0.1:${port}`;
    for (const name of ['signalbox', 'signalbox_restored']) await query(`${base}/postgres`, `CREATE DATABASE ${name}`);
    source = `${base}/signalbox`;
    restored = `${base}/signalbox_restored`;
    await migrate(source, new Date());
    for (const statement of books) await query(source, statement);
  });

  afterAll(() => {
    if (folder === '') return;
    asServer('pg_ctl', ['-D', join(folder, 'data'), '-m', 'fast', '-w', 'stop']);
    rmSync(folder, { recursive: true });
  });

  it('gives the same books back, and accounting goes on with them', async () => {
    const dump = join(folder, 'signalbox.dump');
    const page = textOf('docs/operations/backup.md');
    const dumpFlags = ['--format=custom', '--compress=6', '--no-owner', '--no-privileges'];
    const restoreFlags = ['--no-owner', '--no-privileges', '--exit-on-error', '--single-transaction'];
    for (const flag of [...dumpFlags, ...restoreFlags]) expect(page).toContain(flag);
    run(join(bin, 'pg_dump'), [...dumpFlags, `--file=${dump}`, source]);
    run(join(bin, 'pg_restore'), [...restoreFlags, `--dbname=${restored}`, dump]);

    const before = await query(source, facts);
    expect(await query(restored, facts)).toEqual(before);
    expect(at(before, 0, 'usage')).toBe(3000);
    expect(text(at(before, 0, 'ledger'))).toBe(String(3000 * 1_234_567));

    expect(await migrate(restored, new Date())).toEqual([]);
    await expect(query(restored, `UPDATE ledger SET amount = 0`)).rejects.toThrow('append only');
    const [last] = await query(restored, 'SELECT max(id)::int AS id FROM ledger');
    const [added] = await query(
      restored,
      `INSERT INTO ledger (attempt_id, kind, source, amount) VALUES ('new', 'charge', 'worker', 1) RETURNING id::int`,
    );
    expect(Number(at(added, 'id'))).toBeGreaterThan(Number(at(last, 'id')));
    const partitions = await query(restored, `SELECT 1 FROM pg_inherits WHERE inhparent = 'usage_events'::regclass`);
    expect(list(partitions).length).toBeGreaterThan(2);
  });
});
