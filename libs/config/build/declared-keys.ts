/** `key_management.keys`: virtual keys that live in the file. LiteLLM has nothing like it. */
import type { DeclaredKey } from '#contracts';
import { checkSection } from '../source/check-section.js';
import { closestName } from '../source/closest-name.js';
import { isPlainMap } from '../source/plain-map.js';
import { DeclaredKeyEntry } from '../schema/section-schemas.js';
import { missingUnder, secretAt, describePlace, type BuildContext } from './build-context.js';

/** The keys whose value is there; an unset variable leaves its key out, with a warning. */
export function buildDeclaredKeys(entries: readonly unknown[], context: BuildContext): DeclaredKey[] {
  const keys: DeclaredKey[] = [];
  const aliases = new Map<string, number>();
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
    warnOfTypos(raw, path, context);
    const [missing] = missingUnder([...path, name], context);
    if (missing !== undefined) {
      context.problems.warning(
        [...path, name],
        `the environment variable ${missing.name} is not set: this key does not exist until it is`,
      );
    } else if (typeof written !== 'string')
      context.problems.error([...path, 'key_name'], 'is missing; best as os.environ/NAME');
    else {
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

function warnOfTypos(raw: unknown, path: readonly (string | number)[], context: BuildContext): void {
  const known = Object.keys(DeclaredKeyEntry.shape);
  for (const key of isPlainMap(raw) ? Object.keys(raw) : []) {
    const meant = known.includes(key) || key === 'key' ? null : closestName(key, known);
    if (meant !== null)
      context.problems.warning([...path, key], `not a field of a key that is known here. Did you mean '${meant}'?`);
  }
}
