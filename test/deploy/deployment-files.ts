/** The checkout's deployment files as data, and the tools that may or may not be on this machine. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, parseAllDocuments } from 'yaml';

export const root = fileURLToPath(new URL('../..', import.meta.url));

export const services = ['ingress', 'router', 'accounting', 'health', 'provider-ollama', 'provider-cloud'] as const;

/** Text of a file of the repository. */
export const textOf = (path: string): string => readFileSync(join(root, path), 'utf8');

/** A YAML file of the repository, anchors and merge keys resolved. */
export const yamlOf = (path: string): unknown => parse(textOf(path), { merge: true });

export type Tree = Readonly<Record<string, unknown>>;

/** The value as a mapping; throws where it is none. */
export function tree(value: unknown, what = 'value'): Tree {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error(`${what} is no mapping`);
  return Object.fromEntries(Object.entries(value));
}

/** What stands at a path of mappings and lists; undefined where the path ends early. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  let here: unknown = value;
  for (const step of path) {
    if (typeof here !== 'object' || here === null) return undefined;
    here = Object.entries(here).find(([name]) => name === String(step))?.[1];
  }
  return here;
}

/** The value as a list; empty where there is none. */
export const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** The value as text; throws where it is something else. */
export function text(value: unknown): string {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new Error(`${JSON.stringify(value)} is no text`);
}

/** Whether a program answers; `alternatives` are tried in turn. Returns the one that does, else null. */
export function findProgram(names: readonly string[], ...probe: readonly string[]): string | null {
  return names.find((name) => spawnSync(name, probe, { stdio: 'ignore', timeout: 20_000 }).status === 0) ?? null;
}

/** Runs a program; throws with its output where it fails. */
export function run(program: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): string {
  return execFileSync(program, args, {
    cwd: root,
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 2 ** 26,
  });
}

/** Runs a program; its exit code and both outputs. */
export function attempt(
  program: string,
  args: readonly string[],
): { readonly code: number | null; readonly output: string } {
  const done = spawnSync(program, args, { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 26 });
  return { code: done.status, output: `${done.stdout}${done.stderr}` };
}

/** All documents of a YAML stream that hold something. */
export function documents(stream: string): Tree[] {
  return parseAllDocuments(stream).flatMap((document) => {
    if (document.errors.length > 0) throw new Error(document.errors.map((error) => error.message).join('\n'));
    const value: unknown = document.toJS();
    return value === null || value === undefined ? [] : [tree(value)];
  });
}

export const exists = (path: string): boolean => existsSync(join(root, path));

/** Names of `${NAME}` in a compose or stack file. */
export function variablesOf(source: string): Set<string> {
  const withoutComments = source.replaceAll(/^\s*#.*$/gm, '').replaceAll('$$', '');
  return new Set([...withoutComments.matchAll(/\$\{([A-Z_0-9]+)/g)].map((match) => match[1] ?? ''));
}

/** Names that an .env.example sets. */
export const variablesSetBy = (source: string): Set<string> =>
  new Set([...source.matchAll(/^([A-Z_0-9]+)=/gm)].map((match) => match[1] ?? ''));
