/**
 * `os.environ/NAME`: values take the variable's text, secrets stay references. A variable is looked up first in the
 * file's own `environment_variables`, then in the environment of the process; an empty one counts as unset.
 */
import type { SecretRef } from '#contracts';
import { variableName } from '../secret.js';
import { isPlainMap, type PlainMap } from './plain-map.js';
import { formatPath, type Path } from './places.js';

/** Where a variable of the file stands, for `SecretRef`. */
export interface DeclaredVariable {
  readonly value: string;
  readonly ref: SecretRef;
}

export class Variables {
  constructor(
    private readonly env: Readonly<Record<string, string | undefined>>,
    private readonly declared: ReadonlyMap<string, DeclaredVariable>,
  ) {}

  /** The variable's text; undefined where it is unset or empty. */
  value(name: string): string | undefined {
    const text = this.declared.get(name)?.value ?? this.env[name];
    return text === '' ? undefined : text;
  }

  /** Where a service finds it. */
  ref(name: string): SecretRef {
    return this.declared.get(name)?.ref ?? { from: 'env', name };
  }

  /** The texts that the file declares: secrets, for a fingerprint only. */
  declaredTexts(): string[] {
    return [...this.declared.values()].map(({ value }) => value);
  }

  /** What the file declares, by name. */
  refs(): Record<string, SecretRef> {
    return Object.fromEntries([...this.declared].map(([name, { ref }]) => [name, ref]));
  }
}

export interface References {
  /** Paths (as JSON) whose value came from a variable. */
  readonly fromEnvironment: ReadonlySet<string>;
  /** References to variables that are not set; their values are taken out. */
  readonly missing: readonly { readonly path: Path; readonly name: string }[];
}

const secretForms = [
  /^model_list\[\d+\]\.litellm_params\.(api_key|extra_headers\b.*)$/,
  /^general_settings\.(master_key|database_url)$/,
  /^litellm_settings\.cache_params\.(url|password)$/,
  /^key_management\.keys\[\d+\]\.(key_name|key)$/,
  /^credential_list\[\d+\]\.credential_values\.api_key$/,
];

/** Replaces references in `root`, in place. Secrets keep theirs, but are reported where the variable is not set. */
export function replaceReferences(root: PlainMap, variables: Variables): References {
  const fromEnvironment = new Set<string>();
  const missing: { path: Path; name: string }[] = [];
  const replaced = (value: unknown, path: Path): unknown => {
    if (Array.isArray(value)) {
      return value.map((item: unknown, index) => replaced(item, [...path, index])).filter((item) => item !== undefined);
    }
    if (isPlainMap(value)) {
      for (const [key, item] of Object.entries(value)) {
        const result = replaced(item, [...path, key]);
        if (result === undefined) delete value[key];
        else value[key] = result;
      }
      return value;
    }
    const name = variableName(value);
    if (name === null) return value;
    const text = variables.value(name);
    if (text === undefined) missing.push({ path, name });
    if (secretForms.some((form) => form.test(formatPath(path)))) return value;
    if (text !== undefined) fromEnvironment.add(JSON.stringify(path));
    return text;
  };
  replaced(root, []);
  return { fromEnvironment, missing };
}
