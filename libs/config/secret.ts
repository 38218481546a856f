/** Secrets: found when needed, never printed. */
import { inspect } from 'node:util';
import type { SecretRef } from '#contracts';
import { isPlainMap } from './source/plain-map.js';
import { readYaml } from './source/yaml-source.js';

/** A value that shows itself as `sk-...abcd` wherever it is printed. Only `reveal()` gives it away. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  /** Enough to tell two secrets apart: the last four characters, and of short ones nothing. */
  toString(): string {
    if (this.#value.length < 12) return '...';
    return `${this.#value.startsWith('sk-') ? 'sk-' : ''}...${this.#value.slice(-4)}`;
  }

  toJSON(): string {
    return this.toString();
  }

  [inspect.custom](): string {
    return `Secret(${this.toString()})`;
  }
}

export interface SecretSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The text of the config file (null), or of a file that it includes, by the name in `include`. */
  readonly readFile: (include: string | null) => string;
}

const environmentPrefix = 'os.environ/';

/** The variable that `os.environ/NAME` means; null for any other text. */
export function variableName(value: unknown): string | null {
  return typeof value === 'string' && value.startsWith(environmentPrefix)
    ? value.slice(environmentPrefix.length)
    : null;
}

/** The secret that a reference stands for; null where the variable is not set or the place is empty. */
export function resolveSecret(ref: SecretRef, sources: SecretSources): Secret | null {
  if (ref.from === 'env') return secretOf(sources.env[ref.name]);
  const hash = ref.path.indexOf('#');
  const text = sources.readFile(hash < 0 ? null : ref.path.slice(0, hash));
  const value = valueAtPath(readYaml(text, '').value, ref.path.slice(hash + 1));
  const variable = variableName(value);
  if (variable !== null) return secretOf(sources.env[variable]);
  const isText = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
  return isText ? secretOf(String(value)) : null;
}

/**
 * The environment with the file's `environment_variables` (`ConfigSnapshot.general.variables`) in front of it. Throws where
 * the file that holds them cannot be read.
 */
export function withDeclaredVariables(
  declared: Readonly<Record<string, SecretRef>>,
  sources: SecretSources,
): Readonly<Record<string, string | undefined>> {
  const variables = { ...sources.env };
  for (const [name, ref] of Object.entries(declared)) {
    const text = resolveSecret(ref, sources)?.reveal();
    if (text !== undefined) variables[name] = text;
  }
  return variables;
}

/**
 * The headers of a deployment with their `os.environ/NAME` values filled in (the snapshot keeps them as references);
 * headers whose variable is not set are left out.
 */
export function resolveHeaders(
  headers: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const resolved: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    const variable = variableName(value);
    const text = variable === null ? value : env[variable];
    if (text !== undefined && text !== '') resolved[name] = text;
  }
  return resolved;
}

function secretOf(value: string | undefined): Secret | null {
  return value === undefined || value === '' ? null : new Secret(value);
}

const pathStep = /\["(?<quoted>(?:[^"\\]|\\.)*)"\]|\[(?<index>\d+)\]|\.?(?<name>[A-Za-z_][\w-]*)/gy;

/** Follows a path as `formatPath` writes it. */
function valueAtPath(root: unknown, path: string): unknown {
  let at = root;
  for (const { groups } of path.matchAll(pathStep)) {
    if (groups?.['index'] !== undefined) at = Array.isArray(at) ? at[Number(groups['index'])] : undefined;
    else {
      const quoted = groups?.['quoted'];
      const key: unknown = quoted === undefined ? groups?.['name'] : JSON.parse(`"${quoted}"`);
      at = isPlainMap(at) && typeof key === 'string' ? at[key] : undefined;
    }
  }
  return at;
}
