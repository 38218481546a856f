/** `signalbox config check FILE [--explain MODEL]`: the diagnosis of a start, without starting anything. */
import type { ConfigSnapshot } from '#contracts';
import { readConfigFile } from '../config-file.client.js';
import { explainModel } from '../explain-model.js';
import { configJsonSchema } from '../schema/documents.js';
import { formatProblem } from '../source/problems.js';

export interface Terminal {
  readonly print: (line: string) => void;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Says what a config does with one model. */
export type Explain = (snapshot: ConfigSnapshot, model: string) => readonly string[];

export const configUsage = [
  'signalbox config check FILE [--explain MODEL]   what is wrong with a config file, and what it does with a model',
  'signalbox config schema                         the JSON Schema of the file, for editors',
  'signalbox config import-litellm                 not needed: a LiteLLM file works as it is',
];

/** Runs the command behind `signalbox config`; returns the exit code: 0 usable, 1 errors, 2 not understood. */
export function runConfigCommand(args: readonly string[], terminal: Terminal, explain: Explain = explainModel): number {
  const [command, ...rest] = args;
  if (command === 'check') return check(rest, terminal, explain);
  if (command === 'schema') {
    terminal.print(JSON.stringify(configJsonSchema(), null, 2));
    return 0;
  }
  if (command === 'import-litellm') {
    terminal.print('There is nothing to import: start with your LiteLLM config as it is (npm start -- --config FILE).');
    terminal.print('`signalbox config check FILE` says how each setting is read.');
    return 0;
  }
  for (const line of configUsage) terminal.print(line);
  return 2;
}

function check(args: readonly string[], { print, env }: Terminal, explain: Explain): number {
  const options = readOptions(args);
  if (options === null) {
    for (const line of configUsage) print(line);
    return 2;
  }
  const loaded = readConfigFile(options.file, env);
  for (const problem of loaded.problems) print(formatProblem(problem));
  const count = (severity: string) => {
    const total = loaded.problems.filter((problem) => problem.severity === severity).length;
    return `${total} ${severity}${total === 1 ? '' : 's'}`;
  };
  const summary = ['error', 'warning', 'note'].map(count).join(', ');
  if (loaded.kind === 'invalid') {
    print(`${options.file} cannot be used: ${summary}`);
    return 1;
  }
  const { deployments, backends, complexityRouters, routing } = loaded.snapshot;
  const names = new Set([...deployments, ...complexityRouters].map(({ modelName }) => modelName));
  const aliases = Object.keys(routing.aliases).length;
  print(`${options.file} is usable: ${summary}`);
  print(
    `${counted(names.size, 'model')} on ${counted(deployments.length, 'deployment')} and ${counted(backends.length, 'backend')}, ` +
      `${aliases} ${aliases === 1 ? 'alias' : 'aliases'}`,
  );
  for (const line of options.model === null ? [] : explain(loaded.snapshot, options.model)) print(line);
  return 0;
}

function readOptions(args: readonly string[]): { file: string; model: string | null } | null {
  const files: string[] = [];
  let model: string | null = null;
  for (let index = 0; index < args.length; index += 1) {
    const arg = args[index] ?? '';
    if (arg === '--explain') {
      index += 1;
      model = args[index] ?? null;
      if (model === null) return null;
    } else if (arg.startsWith('--explain=')) model = arg.slice('--explain='.length);
    else if (arg.startsWith('-')) return null;
    else files.push(arg);
  }
  const [file] = files;
  return file === undefined || files.length > 1 ? null : { file, model };
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
