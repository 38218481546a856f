/** Reading JSON of peers whose word cannot be trusted: every access says what it gives when the form is another. */

/** True for JSON objects; arrays and null are none. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The object, or an empty one. */
export function recordOf(value: unknown): Record<string, unknown> {
  return isRecord(value) ? value : {};
}

/** The list, or an empty one. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The entry of a table under a name that a peer chose; `toString` and the like are no entries. */
export function entryOf<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

/** The text, or null where it is none or empty. */
export function textOf(value: unknown): string | null {
  return typeof value === 'string' && value.length > 0 ? value : null;
}

/** The finite number, or null. */
export function numberOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

/** A count: a whole number that is not negative; 0 for everything else. Never NaN. */
export function countOf(value: unknown): number {
  const number = numberOf(value);
  return number === null || number < 0 ? 0 : Math.round(number);
}

/** The parsed text, or undefined where it is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** JSON text of a tool call's arguments as an object. Empty text is no arguments; what is no object is kept under one name, because
 * a history with a broken call must not make the whole conversation unanswerable. */
export function argumentsObject(text: string): Record<string, unknown> {
  if (text.trim().length === 0) return {};
  const parsed = parseJson(text);
  return isRecord(parsed) ? parsed : { invalid_arguments: text };
}

/** Arguments as an upstream gave them (object or text) as JSON text; null where there are none. */
export function argumentsText(value: unknown): string | null {
  if (typeof value === 'string') return value;
  if (value === undefined || value === null) return null;
  return JSON.stringify(value);
}
