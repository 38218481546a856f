/** `key_management.keys`: virtual keys that live in the file. LiteLLM has nothing like it. */
import type { DeclaredKey } from '#contracts';
import { checkSection, warnOfUnknownKeys } from '../source/check-section.js';
import { DeclaredKeyEntry } from '../schema/section-schemas.js';
import { missingUnder, secretAt, describePlace, type BuildContext } from './build-context.js';

/**
 * The keys whose value is there; an unset variable leaves its key out, with a warning. `masterKey`: how the master key is
 * written, which no other key may be.
 */
export function buildDeclaredKeys(
  entries: readonly unknown[],
  masterKey: string,
  context: BuildContext,
): DeclaredKey[] {
  const keys: DeclaredKey[] = [];
  const aliases = new Map<string, number>();
  // Secrets are compared as they are written: what a variable holds is not known to whoever reads the file.
  const secrets = new Map([[masterKey, 'the master key']]);
  if (entries.length > 0)
    context.problems.note(['key_management', 'keys'], 'these keys exist from the start; LiteLLM ignores them');
  for (const [index, raw] of entries.entries()) {
    const path = ['key_management', 'keys', index];
    const entry = checkSection(DeclaredKeyEntry, raw, path, context);
    if (entry === null) continue;
    const twin = aliases.get(entry.key_alias);
    if (twin !== undefined)
      context.problems.error([...path, 'key_alias'], `key_management.keys[${twin}] has this alias too`);
    aliases.set(entry.key_alias, index);
    const name = entry.key_name === undefined ? 'key' : 'key_name';
    const written = entry[name];
    warnOfUnknownKeys(raw, path, knownFields, inertFields, context.problems);
    const [missing] = missingUnder([...path, name], context);
    if (missing !== undefined) {
      context.problems.warning(
        [...path, name],
        `the environment variable ${missing.name} is not set: this key does not exist until it is`,
      );
    } else if (typeof written !== 'string')
      context.problems.error([...path, 'key_name'], 'is missing; best as os.environ/NAME');
    else {
      const other = secrets.get(written);
      if (other !== undefined) context.problems.error([...path, name], `is the same as ${other}`);
      secrets.set(written, `that of key_management.keys[${index}]`);
      const { key_alias: alias, key_name: _name, key: _key, ...fields } = entry;
      keys.push({
        alias,
        secret: secretAt([...path, name], written, context),
        path: describePlace(path, context),
        fields,
      });
    }
  }
  return keys;
}

/** Fields of /key/generate that a file can set too; the admin API checks those that the schema leaves alone. */
const knownFields = [
  ...Object.keys(DeclaredKeyEntry.shape),
  'key',
  'config',
  'permissions',
  'spend',
  'temp_budget_increase',
  'temp_budget_expiry',
];

const inertFields = Object.fromEntries(
  ['allowed_routes', 'allowed_cache_controls', 'budget_id', 'guardrails', 'object_permission', 'organization_id'].map(
    (name) => [name, 'not supported here'],
  ),
);
