/** What a key that the config file declares becomes, given what is stored under its alias. */
import type { DeclaredKey, KeyId } from '#contracts';
import { readKeyFields } from './admin-fields.js';
import { newKey, type Making } from './new-rows.js';
import type { KeyRow } from './rows.js';

/**
 * The row of a declared key. The file decides over every field, also over those that it leaves out; what an admin did in a
 * hurry is kept, unless the file says: a block, a larger budget for a while. Throws GatewayError invalid_request, naming the field.
 */
export function declaredRow(
  declared: DeclaredKey,
  existing: KeyRow | null,
  fresh: { readonly id: KeyId; readonly last4: string },
  making: Making,
): { readonly row: KeyRow; readonly warnings: readonly string[] } {
  const { key_alias: _alias, key_name: _name, key: _key, ...fields } = declared.fields;
  const { changes, warnings } = readKeyFields(fields, { now: making.now, acceptsSlips: true });
  const row: KeyRow = {
    ...newKey(existing?.id ?? fresh.id, fresh.last4, 'config', making),
    ...(existing === null ? {} : { createdAt: existing.createdAt, createdBy: existing.createdBy }),
    blocked: existing?.blocked ?? false,
    tempBudgetNanoUsd: existing?.tempBudgetNanoUsd ?? null,
    tempBudgetUntil: existing?.tempBudgetUntil ?? null,
    // A duration in the file counts from when the key was made, not from each start.
    ...changes,
    alias: declared.alias,
  };
  const keepsExpiry = 'duration' in fields && existing !== null && existing.expiresAt !== null;
  return { row: keepsExpiry ? { ...row, expiresAt: existing.expiresAt } : row, warnings };
}

/** True where a row differs in anything but who wrote it last. */
export function differs(before: KeyRow, after: KeyRow): boolean {
  const told = ({ updatedAt: _at, updatedBy: _by, ...rest }: KeyRow) => JSON.stringify(sorted(rest));
  return told(before) !== told(after);
}

/** The same value with object keys in order: jsonb does not keep theirs. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}
