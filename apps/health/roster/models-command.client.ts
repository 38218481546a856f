/**
 * `signalbox models refresh [--write]`: asks OpenRouter which models it offers, shows which configured free ones are gone
 * and what could replace them, and puts that into the config file.
 */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  formatProblem,
  includedFiles,
  loadConfigFile,
  readConfigFile,
  renameModels,
  replaceFile,
  resolveSecret,
  type RenamedText,
  type Terminal,
} from '#config';
import type { Backend, ConfigSnapshot } from '#contracts';
import { readOpenRouterModels, type OfferedModel } from '#wire';
import { goneDeployments } from './free-roster.js';
import { accountReport, type AccountReport } from './refresh-report.js';

export const modelsUsage = [
  'signalbox models refresh [FILE] [--write]       which free models of the config are gone, and what could replace them',
];

const listTimeoutMs = 30_000;

/** Runs the command; returns the exit code: 0 done, 1 it could not be, 2 not understood. */
export async function runModelsCommand(args: readonly string[], terminal: Terminal): Promise<number> {
  const options = readOptions(args, terminal.env);
  if (options === null) {
    for (const line of modelsUsage) terminal.print(line);
    return 2;
  }
  const loaded = readConfigFile(options.file, terminal.env);
  if (loaded.kind === 'invalid') {
    for (const problem of loaded.problems) terminal.print(formatProblem(problem));
    terminal.print(`${options.file} cannot be used; nothing was asked and nothing changed`);
    return 1;
  }
  const accounts = accountsWithFreeModels(loaded.snapshot);
  if (accounts.length === 0)
    terminal.print(`${options.file} has no free models of OpenRouter (names that end in :free)`);
  const names = new Map<string, string>();
  let failed = false;
  for (const account of accounts) {
    const report = await reportOn(account, loaded.snapshot, options.file, terminal);
    failed ||= report === null;
    for (const [from, to] of report?.names ?? []) names.set(from, to);
  }
  if (names.size === 0) return failed ? 1 : 0;
  if (!options.write) {
    terminal.print(`Nothing was changed. With --write the first of each is put into ${options.file}.`);
    return failed ? 1 : 0;
  }
  return (await write(options.file, names, terminal)) && !failed ? 0 : 1;
}

/** Accounts at OpenRouter with at least one free model that is named in full. */
function accountsWithFreeModels(snapshot: ConfigSnapshot): Backend[] {
  const nothingOffered = [{ id: '' }];
  return snapshot.backends.filter(
    (backend) => goneDeployments(snapshot.deployments, backend, nothingOffered).length > 0,
  );
}

async function reportOn(
  account: Backend,
  snapshot: ConfigSnapshot,
  file: string,
  { print, env }: Terminal,
): Promise<AccountReport | null> {
  const offered = await listModels(account, file, env);
  if (typeof offered === 'string') {
    print(`${account.apiBase} could not be asked for its models: ${offered}`);
    return null;
  }
  const report = accountReport(account, snapshot.deployments, offered, new Date());
  for (const line of report.lines) print(line);
  return report;
}

/** The list, or why there is none. It is public; a key is sent where there is one, as gateways in between may want it. */
async function listModels(account: Backend, file: string, env: Terminal['env']): Promise<OfferedModel[] | string> {
  try {
    const response = await fetch(`${account.apiBase}/models`, {
      headers: { accept: 'application/json', ...authorization(account, file, env) },
      signal: AbortSignal.timeout(listTimeoutMs),
    });
    if (!response.ok) return `it answers with status ${response.status}`;
    return readOpenRouterModels(await response.json()) ?? 'its answer is no list of models';
  } catch (error) {
    if (error instanceof DOMException && error.name === 'TimeoutError') return 'it did not answer in time';
    return error instanceof SyntaxError ? 'its answer is no JSON' : 'it cannot be reached';
  }
}

function authorization(account: Backend, file: string, env: Terminal['env']): Record<string, string> {
  if (account.apiKey === null) return {};
  const readFile = (include: string | null) =>
    readFileSync(include === null ? file : join(dirname(file), include), 'utf8');
  const key = resolveSecret(account.apiKey, { env, readFile });
  return key === null ? {} : { authorization: `Bearer ${key.reveal()}` };
}

/** Changes the file and those that it includes, unless the result could not be used. */
async function write(file: string, names: ReadonlyMap<string, string>, { print, env }: Terminal): Promise<boolean> {
  const changes = new Map<string, RenamedText>();
  for (const path of [file, ...includedFiles(file)]) {
    const changed = renameModels(readFileSync(path, 'utf8'), 'openrouter', names);
    if (changed.renamed.length > 0) changes.set(path, changed);
  }
  const textOf = (path: string) => changes.get(path)?.text ?? readFileSync(path, 'utf8');
  const readInclude = (name: string) => textOf(join(dirname(file), name));
  const checked = loadConfigFile({ path: file, text: textOf(file), env, readInclude });
  if (checked.kind === 'invalid') {
    for (const problem of checked.problems) print(formatProblem(problem));
    print('With these replacements the config could not be used; nothing was changed.');
    return false;
  }
  for (const [path, { text, renamed }] of changes) {
    await replaceFile(path, text);
    for (const { line, from, to } of renamed) print(`${path}:${line}: ${from} -> ${to}`);
  }
  const done = new Set(
    [...changes.values()].flatMap(({ renamed }) => renamed.map(({ from }) => from.replace(/^openrouter\//, ''))),
  );
  const missed = [...names.keys()].filter((name) => !done.has(name));
  for (const name of missed)
    print(`${name} does not stand in the file as it is (a variable?): change it where it is set`);
  return missed.length === 0;
}

function readOptions(args: readonly string[], env: Terminal['env']): { file: string; write: boolean } | null {
  const [command, ...rest] = args;
  if (command !== 'refresh') return null;
  const files: string[] = [];
  let isWriting = false;
  for (let index = 0; index < rest.length; index += 1) {
    const arg = rest[index] ?? '';
    if (arg === '--write') isWriting = true;
    else if (arg === '--config' && rest[index + 1] !== undefined) files.push(rest[(index += 1)] ?? '');
    else if (arg.startsWith('--config=')) files.push(arg.slice('--config='.length));
    else if (arg.startsWith('-')) return null;
    else files.push(arg);
  }
  if (files.length > 1) return null;
  return { file: files[0] ?? env['SIGNALBOX_CONFIG'] ?? 'config.yaml', write: isWriting };
}
