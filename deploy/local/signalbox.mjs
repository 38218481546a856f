#!/usr/bin/env node
// The command line `npx signalbox`: finds the compiled command and runs it, on a fresh checkout and after a change of the
// sources after building it. It has no logic of its own.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const libs = new URL('../../dist/libs/', import.meta.url);
const entry = new URL('config/index.js', libs);
const modelsCommand = new URL('../apps/health/roster/models-command.client.js', libs);

/** Whoever has an older one gets the pinned one. */
const nodeMajor = 24;

/** Command -> what runs it: (args, environment) -> exit code. */
const commands = {
  config: async (args, { Environment, runConfigCommand }) => {
    const { explainPlan } = await import(new URL('../apps/router/explain.js', libs).href);
    const terminal = { print: (line) => console.log(line), env: Environment.ofProcess().variables };
    return runConfigCommand(args, terminal, explainPlan);
  },
  models: async (args, { Environment }) => {
    const { runModelsCommand } = await import(modelsCommand.href);
    return runModelsCommand(args, { print: (line) => console.log(line), env: Environment.ofProcess().variables });
  },
};

/** Whether the compiled command is there, belongs to these sources, and runs under this Node. The image has no sources. */
async function isReady() {
  if (!existsSync(fileURLToPath(entry)) || Number(process.versions.node.split('.')[0]) < nodeMajor) return false;
  if (!existsSync(fileURLToPath(new URL('build.mjs', import.meta.url)))) return true;
  const { isOutdated } = await import('./build.mjs');
  return !isOutdated(root);
}

/** Fetches and builds what a fresh checkout lacks, as `npm start` does, and runs this command again under the pinned Node. */
async function prepareAndRun(args) {
  const [{ ensureRuntime }, { ensureInstalled }, { ensureBuilt }] = await Promise.all([
    import('./runtime.mjs'),
    import('./install.mjs'),
    import('./build.mjs'),
  ]);
  const tell = (line) => console.error(`signalbox: ${line}`);
  const runtime = await ensureRuntime(root, tell);
  await ensureInstalled(root, runtime, tell);
  await ensureBuilt(root, runtime, tell);
  if (!existsSync(fileURLToPath(entry))) throw new Error('Signalbox could not be built.');
  return spawnSync(runtime.node, [fileURLToPath(import.meta.url), ...args], { stdio: 'inherit' }).status ?? 1;
}

async function run([name = '', ...args]) {
  const library = await import(entry.href);
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command !== undefined) return command(args, library);
  const isHelp = name === '' || name === '--help' || name === '-h' || name === 'help';
  const { modelsUsage } = await import(modelsCommand.href);
  const usage = ['usage:', ...[...library.configUsage, ...modelsUsage].map((line) => `  ${line}`)];
  (isHelp ? console.log : console.error)(usage.join('\n'));
  return isHelp ? 0 : 2;
}

try {
  const args = process.argv.slice(2);
  process.exitCode = await ((await isReady()) ? run(args) : prepareAndRun(args));
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
