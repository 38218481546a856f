#!/usr/bin/env node
// The command line `npx signalbox`: finds the compiled command and runs it. It has no logic of its own.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const libs = new URL('../../dist/libs/', import.meta.url);

/** Command -> what runs it: (args, environment) -> exit code. */
const commands = {
  config: async (args, { Environment, runConfigCommand }) => {
    const { explainPlan } = await import(new URL('../apps/router/explain.js', libs).href);
    const terminal = { print: (line) => console.log(line), env: Environment.ofProcess().variables };
    return runConfigCommand(args, terminal, explainPlan);
  },
};

const [name = '', ...args] = process.argv.slice(2);
const entry = new URL('config/index.js', libs);

if (!existsSync(fileURLToPath(entry))) {
  console.error('Signalbox is not built yet. Run `npm run build` first.');
  process.exitCode = 1;
} else {
  const library = await import(entry.href);
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) {
    const isHelp = name === '' || name === '--help' || name === '-h' || name === 'help';
    const usage = ['usage:', ...library.configUsage.map((line) => `  ${line}`)];
    (isHelp ? console.log : console.error)(usage.join('\n'));
    process.exitCode = isHelp ? 0 : 2;
  } else {
    try {
      process.exitCode = await command(args, library);
    } catch (error) {
      console.error(error instanceof Error ? error.message : String(error));
      process.exitCode = 1;
    }
  }
}
