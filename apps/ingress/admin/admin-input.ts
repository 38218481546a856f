/** What callers of the admin API send, read with a schema: a violation is invalid_request that names the field and its limit. Pure. */
import { z } from 'zod';
import { GatewayError } from '#contracts';

/** Deeper than any of our fields, and far from what could exhaust a stack. */
const mostDepth = 32;
const mostNames = 500;
const mostShown = 200;

/** An optional text of a query; null where it is absent. */
export const optionalText = (most = 256) =>
  z.string().max(most, `must be at most ${most} characters`).nullable().default(null);

/** A whole number of a query, or `fallback` where it is absent. */
export const wholeNumber = ({ min, max, fallback }: { min: number; max: number; fallback: number }) => {
  const problem = `must be a whole number from ${min} to ${max}`;
  return z
    .string()
    .regex(/^\d{1,16}$/, problem)
    .transform(Number)
    .pipe(z.number().min(min, problem).max(max, problem))
    .default(fallback);
};

/** An amount in USD of a query; null where it is absent. */
export const amount = z
  .string()
  .regex(/^\d{1,7}(\.\d{1,12})?$/, 'must be an amount in USD')
  .transform(Number)
  .nullable()
  .default(null);

/** A switch of a query; false where it is absent. LiteLLM's clients write `True` too. */
export const flag = z
  .string()
  .toLowerCase()
  .pipe(z.enum(['true', 'false'], 'must be true or false'))
  .transform((text) => text === 'true')
  .default(false);

/** One of a few words of a query; null where it is absent. */
export const optionalWord = <const W extends readonly [string, ...string[]]>(words: W) =>
  z
    .enum(words, `must be one of ${words.join(', ')}`)
    .nullable()
    .default(null);

/** Page numbers of lists. */
export const pageNumber = wholeNumber({ min: 1, max: 1_000_000, fallback: 1 });

/** A name in a body. */
export const name = (most = 256) =>
  z.string('must be a text').min(1, 'must not be empty').max(most, `must be at most ${most} characters`);

/** Names in a body; each counts once. */
export const names = (item: z.ZodType<string> = name()) =>
  z
    .array(item, 'must be a list of texts')
    .max(mostNames, `must be at most ${mostNames} names`)
    .transform((all) => [...new Set(all)]);

/** The parameters of a query string; empty ones count as absent, unknown ones are nobody's. Throws invalid_request. */
export function readQuery<S extends z.ZodType>(schema: S, query: unknown): z.output<S> {
  const given: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(typeof query === 'object' && query !== null ? query : {})) {
    if (Array.isArray(value)) throw badInput(key, 'must be given once');
    if (value !== '') given[key] = value;
  }
  mustBeStorable(given, '', 0);
  return readInput(schema, given);
}

/** A parsed JSON body; throws invalid_request. */
export function readInput<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = (issue?.path ?? []).map(String);
  if (valueAt(value, path) === undefined && path.length > 0) {
    const missing = path.join('.');
    throw new GatewayError('invalid_request', { message: `Missing required parameter: '${missing}'.`, param: missing });
  }
  throw badInput(path.join('.'), issue?.message ?? 'is not valid');
}

/** Refuses texts that no database column holds (NUL, halves of surrogate pairs), numbers without end and trees without end. */
export function mustBeStorable(value: unknown, path: string, depth: number): void {
  if (typeof value === 'string' && !isStorable(value)) throw badInput(path, 'must not hold NUL or broken characters');
  // 1e400 is valid JSON and no number here; over the bus it would become null, which means "no limit".
  if (typeof value === 'number' && !Number.isFinite(value))
    throw badInput(path, 'must be a number that is not too large');
  if (typeof value !== 'object' || value === null) return;
  if (depth >= mostDepth) throw badInput(path, `must be nested at most ${mostDepth} levels deep`);
  for (const [key, inner] of Object.entries(value)) {
    const where = path === '' ? key : `${path}.${key}`;
    if (!isStorable(key)) throw badInput(path, 'must not hold NUL or broken characters in a name');
    mustBeStorable(inner, where, depth + 1);
  }
}

/** The error for a field that holds what it may not. */
export function badInput(path: string, problem: string): GatewayError {
  const of = path === '' ? 'the request' : `'${path.slice(0, mostShown)}'`;
  return new GatewayError('invalid_request', {
    message: `Invalid value for ${of}: ${problem}.`,
    ...(path === '' ? {} : { param: path.slice(0, mostShown) }),
  });
}

function isStorable(text: string): boolean {
  return !text.includes('\u0000') && text.isWellFormed();
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  let at = value;
  for (const part of path) at = typeof at === 'object' && at !== null ? Reflect.get(at, part) : undefined;
  return at;
}
