/** Keeps secrets out of logged objects, by the names of their fields. Pure. */

/** Field names whose values never reach a log, at the top of a logged object and one level below. */
const secretFields: ReadonlySet<string> = new Set([
  'api_key',
  'apiKey',
  'authorization',
  'x-api-key',
  'key',
  'password',
  'pepper',
  'token',
]);
const censored = '***';

/** The same object where it holds no secret field, else a copy with their values replaced. */
export function withoutSecrets(fields: Record<string, unknown>): Record<string, unknown> {
  let copy: Record<string, unknown> | null = null;
  for (const [name, value] of Object.entries(fields)) {
    const shown = secretFields.has(name) ? censored : shownValue(value);
    if (shown !== value) (copy ??= { ...fields })[name] = shown;
  }
  return copy ?? fields;
}

function shownValue(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Error) return value;
  let copy: Record<string, unknown> | null = null;
  for (const name of Object.keys(value)) if (secretFields.has(name)) (copy ??= { ...value })[name] = censored;
  return copy ?? value;
}
