/** `npm test`: installs and builds what is needed, checks the code, runs every tier of tests, and sums them up in the last line. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureBuilt } from './build.mjs';
import { ensureInstalled } from './install.mjs';
import { findNatsServer } from './nats-binary.mjs';
import { ensureRuntime } from './runtime.mjs';
import { ensureTestTools } from './test-tools.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const bin = (/** @type {string} */ name) => join(root, 'node_modules', '.bin', name);

/** What `npm run check` does, one by one, so that each failure has a name. */
const checks = [
  { name: 'format', command: [bin('oxfmt'), '--check', '.'] },
  { name: 'lint', command: [bin('oxlint'), '--type-aware'] },
  { name: 'types', command: [bin('tsc'), '-p', 'tsconfig.json', '--noEmit'] },
  { name: 'types of the console', command: [bin('tsc'), '-p', 'apps/console'] },
  { name: 'types of the launcher', command: [bin('tsc'), '-p', 'deploy/local'] },
  { name: 'layers', command: [bin('depcruise'), 'apps', 'libs', '--config', '.dependency-cruiser.mjs'] },
  { name: 'unused code', command: [bin('knip')] },
];
const tiers = ['unit', 'service', 'e2e'];

const tell = (/** @type {string} */ line) => process.stdout.write(`signalbox: ${line}\n`);

/**
 * Runs a command with its output on ours.
 * @param {readonly string[]} command
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<boolean>} whether it succeeded
 */
function succeeds([file = '', ...args], env) {
  return new Promise((resolve) => {
    const child = spawn(file, args, { cwd: root, env, stdio: ['ignore', 'inherit', 'inherit'] });
    const pass = (/** @type {NodeJS.Signals} */ signal) => child.kill(signal);
    process.once('SIGINT', pass).once('SIGTERM', pass);
    child.once('error', () => resolve(false));
    child.once('exit', (code) => {
      process.off('SIGINT', pass).off('SIGTERM', pass);
      resolve(code === 0);
    });
  });
}

/**
 * Runs one tier of vitest.
 * @param {string} tier
 * @param {NodeJS.ProcessEnv} env
 */
async function runTier(tier, env) {
  const report = join(root, '.runtime', `test-${tier}.json`);
  rmSync(report, { force: true });
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const isGood = await succeeds([bin('vitest'), 'run', '--project', tier, '--passWithNoTests', ...reporters], env);
  const counts = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : {};
  const passed = Number(counts.numPassedTests ?? 0);
  const failed = Number(counts.numFailedTests ?? 0);
  const skipped = Number(counts.numPendingTests ?? 0) + Number(counts.numTodoTests ?? 0);
  // A file that cannot even be loaded, or an error outside of a test, has no failed test to count.
  return { passed, failed: isGood ? failed : Math.max(1, failed), skipped };
}

/** @param {readonly string[]} wanted names of tiers, or `check`; none: all */
async function test(wanted) {
  const runtime = await ensureRuntime(root, tell);
  await ensureInstalled(root, runtime, tell);
  mkdirSync(join(root, '.runtime'), { recursive: true });
  const env = { ...runtime.env, SIGNALBOX_NATS_SERVER: await findNatsServer(join(root, '.runtime'), tell) };
  await ensureBuilt(root, runtime, tell);
  const tools = ensureTestTools(tell);
  const has = (/** @type {string} */ name) => wanted.length === 0 || wanted.includes(name);
  const sum = { passed: 0, failed: 0, skipped: 0 };
  for (const { name, command } of has('check') ? checks : []) {
    tell(`checking ${name}`);
    if (await succeeds(command, env)) continue;
    tell(`FAILED: ${name}`);
    sum.failed += 1;
  }
  // apt works beside the checks.
  await tools;
  for (const tier of tiers.filter(has)) {
    tell(`running the ${tier} tests`);
    const { passed, failed, skipped } = await runTier(tier, env);
    sum.passed += passed;
    sum.failed += failed;
    sum.skipped += skipped;
  }
  process.stdout.write(`${String(sum.passed)} passed, ${String(sum.failed)} failed, ${String(sum.skipped)} skipped\n`);
  return sum.failed === 0 ? 0 : 1;
}

try {
  process.exitCode = await test(process.argv.slice(2));
} catch (error) {
  tell(`error: ${error instanceof Error ? error.message : String(error)}`);
  process.stdout.write('0 passed, 1 failed, 0 skipped\n');
  process.exitCode = 1;
}
