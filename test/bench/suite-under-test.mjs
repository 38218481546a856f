// Starts the suite for a benchmark and tells where its bus and its database are.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const here = new URL('.', import.meta.url).pathname;

/** Resolves once the suite is ready, on a free port and with a data directory of its own. */
export async function startSuite(adminKey) {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-bench-'));
  const dataDir = join(folder, 'data');
  const args = ['--port', '0', '--host', '127.0.0.1', '--data-dir', dataDir];
  const launcher = spawn(process.execPath, [join(here, '../../deploy/local/start.mjs'), ...args], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, LITELLM_MASTER_KEY: adminKey, OLLAMA_HOST: 'http://127.0.0.1:9' },
  });
  const stop = async () => {
    if (launcher.exitCode === null) {
      launcher.kill('SIGTERM');
      await once(launcher, 'exit');
    }
    rmSync(folder, { recursive: true, force: true });
  };
  const read = (...path) => readFileSync(join(dataDir, ...path), 'utf8').trim();
  for await (const line of createInterface({ input: launcher.stdout })) {
    const url = /^Signalbox ready on (\S+)$/.exec(line)?.[1];
    if (url === undefined) continue;
    const port = read('postgres', '18', 'postmaster.pid').split('\n')[3].trim();
    const password = encodeURIComponent(read('secrets', 'postgres-password'));
    return {
      url,
      stop,
      pidOf: (service) => Number(read('run', `${service}.pid`)),
      natsUrl: `nats://${/^listen: "(.+)"$/m.exec(read('nats', 'nats-server.conf'))[1]}`,
      natsPasswordOf: (user) => read('secrets', `nats-password-${user}`),
      databaseUrl: `postgresql://signalbox:${password}@127.0.0.1:${port}/signalbox`,
    };
  }
  await stop();
  throw new Error('the suite ended before it was ready');
}
