/**
 * `npm run bench [-- NAME] [ARGUMENTS]`: installs and builds what is needed, then runs a benchmark of test/bench under the
 * pinned Node: `gateway` where no name is given, `streams`, `ledger` or `report`.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureBuilt } from './build.mjs';
import { ensureInstalled } from './install.mjs';
import { findNatsServer } from './nats-binary.mjs';
import { ensureRuntime } from './runtime.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const tell = (/** @type {string} */ line) => process.stderr.write(`signalbox: ${line}\n`);

const asked = process.argv.slice(2);
const isNamed = ['gateway', 'streams', 'ledger', 'report'].includes(asked[0] ?? '');
const [name, rest] = isNamed ? [asked[0], asked.slice(1)] : ['gateway', asked];

try {
  const runtime = await ensureRuntime(root, tell);
  await ensureInstalled(root, runtime, tell);
  await ensureBuilt(root, runtime, tell);
  const nats = await findNatsServer(join(root, '.runtime'), tell);
  const entry = join(root, 'test', 'bench', `${name}.bench.mjs`);
  const child = spawn(runtime.node, [entry, ...rest], {
    cwd: root,
    env: { ...runtime.env, SIGNALBOX_NATS_SERVER: nats },
    stdio: 'inherit',
  });
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) process.on(signal, () => child.kill(signal));
  child.once('exit', (code) => (process.exitCode = code ?? 1));
} catch (error) {
  tell(`error: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
