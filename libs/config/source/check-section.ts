/** One section of the file against its schema: every fault becomes a problem with a place, and what is right is kept. */
import { z } from 'zod';
import { didYouMean } from './closest-name.js';
import { describeKind, describeValue, isPlainMap, type PlainMap } from './plain-map.js';
import type { Path } from './places.js';
import type { Problems } from './problems.js';

export interface SectionContext {
  readonly problems: Problems;
  /** Paths (as JSON) of values that came from environment variables: text there may stand for a number or a boolean. */
  readonly fromEnvironment: ReadonlySet<string>;
}

/** Keys whose value is never shown in a message. */
const secretKeys = new Set([
  'api_key',
  'master_key',
  'key_name',
  'key',
  'password',
  'database_url',
  'url',
  'extra_headers',
]);

/**
 * The section's values, without those that are at fault. Missing or empty sections count as `{}`; null where a required
 * key is missing or wrong.
 */
export function checkSection<Shape extends z.core.$ZodLooseShape, Config extends z.core.$ZodObjectConfig>(
  schema: z.ZodObject<Shape, Config>,
  raw: unknown,
  path: Path,
  context: SectionContext,
): z.output<z.ZodObject<Shape, Config>> | null {
  if (raw !== undefined && raw !== null && !isPlainMap(raw)) {
    context.problems.error(path, `must be a map of settings, is ${describeValue(raw)}`);
    return schema.safeParse({}).data ?? null;
  }
  const input = withoutNulls(isPlainMap(raw) ? raw : {});
  const first = schema.safeParse(input);
  if (first.success) return first.data;
  const converted = convertFromEnvironment(input, first.error.issues, path, context);
  const second = schema.safeParse(converted);
  if (second.success) return second.data;
  const wrong = new Set<string>();
  for (const issue of second.error.issues) reportIssue(issue, converted, path, schema, context, wrong);
  const rest = Object.fromEntries(Object.entries(converted).filter(([key]) => !wrong.has(key)));
  return schema.safeParse(rest).data ?? null;
}

/** Warns of keys that `known` does not hold: `inert` ones with their reason, others with the closest known one. */
export function warnOfUnknownKeys(
  raw: unknown,
  path: Path,
  known: Iterable<string>,
  inert: Readonly<Record<string, string>>,
  problems: Problems,
  advice = '',
): void {
  const names = new Set(known);
  for (const key of isPlainMap(raw) ? Object.keys(raw) : []) {
    if (names.has(key)) continue;
    const reason = Object.hasOwn(inert, key) ? inert[key] : undefined;
    if (reason === undefined)
      problems.warning([...path, key], `unknown key '${key}', ignored.${didYouMean(key, names) || advice}`);
    else problems.warning([...path, key], `'${key}' has no effect here: ${reason}`);
  }
}

function withoutNulls(map: PlainMap): PlainMap {
  return Object.fromEntries(Object.entries(map).filter(([, value]) => value !== null && value !== undefined));
}

function reportIssue(
  issue: z.core.$ZodIssue,
  input: PlainMap,
  path: Path,
  schema: z.ZodObject,
  { problems, fromEnvironment }: SectionContext,
  wrong: Set<string>,
): void {
  const steps = stepsOf(issue.path);
  if (typeof steps[0] === 'string') wrong.add(steps[0]);
  if (issue.code === 'unrecognized_keys') {
    const known = steps.length === 0 ? Object.keys(schema.shape) : [];
    for (const key of issue.keys) {
      problems.error([...path, ...steps, key], `unknown key '${key}'.${didYouMean(key, known)}`);
      if (steps.length === 0) wrong.add(key);
    }
    return;
  }
  // The text of a variable may be a secret that was put in the wrong place.
  const isFromEnvironment = fromEnvironment.has(JSON.stringify([...path, ...steps]));
  const isSecret = isFromEnvironment || steps.some((step) => typeof step === 'string' && secretKeys.has(step));
  const fault = innermost(issue);
  const inner = [...steps, ...stepsOf(fault === issue ? [] : fault.path)];
  problems.error([...path, ...inner], issueText(fault, valueAt(input, inner), isSecret));
}

const stepsOf = (path: readonly PropertyKey[]): Path =>
  path.map((step) => (typeof step === 'symbol' ? String(step) : step));

/** Of a value that may be one of several kinds, the fault inside of the kind that it is; else the issue itself. */
function innermost(issue: z.core.$ZodIssue): z.core.$ZodIssue {
  if (issue.code !== 'invalid_union') return issue;
  const inside = issue.errors.map(([first]) => first).find((first) => first !== undefined && first.path.length > 0);
  return inside === undefined ? issue : innermost(inside);
}

const nouns: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  record: 'a map',
};

/** What is wrong with a value, in words: `must be a list, is a map`. A secret is not shown. */
export function issueText(issue: z.core.$ZodIssue, value: unknown, isSecret: boolean): string {
  const is = value === undefined ? 'is missing' : `is ${isSecret ? describeKind(value) : describeValue(value)}`;
  switch (issue.code) {
    case 'invalid_type':
      if (value === undefined) return 'is missing';
      return `must be ${nouns[issue.expected] ?? issue.expected}, ${is}${quoteHint(issue.expected, value)}`;
    case 'too_small':
      if (issue.origin === 'string') return 'must not be empty';
      if (issue.origin === 'array') return 'must not be an empty list';
      return `must be ${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}, ${is}`;
    case 'too_big':
      if (issue.origin === 'string') return `must have at most ${issue.maximum} characters`;
      return `must be at most ${issue.maximum}, ${is}`;
    case 'invalid_value':
      return `must be one of ${issue.values.map(String).join(', ')}; ${is}${
        typeof value === 'string' ? `.${didYouMean(value, issue.values.map(String))}` : ''
      }`;
    case 'invalid_union':
      return `must be ${kindsOf(issue)}, ${is}`;
    case 'custom':
    case 'invalid_element':
    case 'invalid_format':
    case 'invalid_key':
    case 'not_multiple_of':
    case 'unrecognized_keys':
      return issue.message;
  }
}

/** The kinds that a value may be: `a list or text`. */
function kindsOf(issue: z.core.$ZodIssueInvalidUnion): string {
  const kinds = issue.errors.flatMap(([first]) => {
    if (first?.code === 'invalid_type') return [nouns[first.expected] ?? first.expected];
    return first?.code === 'invalid_value' ? first.values.map(String) : [];
  });
  const last = kinds.pop();
  return kinds.length === 0 ? (last ?? 'of another kind') : `${kinds.join(', ')} or ${last}`;
}

function quoteHint(expected: string, value: unknown): string {
  if (expected === 'string' && (typeof value === 'number' || typeof value === 'boolean')) return '; put it in quotes';
  if ((expected === 'number' || expected === 'int') && typeof value === 'string' && isNumeric(value))
    return '; take off the quotes';
  if (
    (expected === 'number' || expected === 'int') &&
    typeof value === 'string' &&
    /^[\d.]+ ?(s|sec|seconds)$/.test(value)
  )
    return '; a plain number of seconds';
  return '';
}

const isNumeric = (value: string) => /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(value.trim());

/** Environment variables hold text: where a number or a boolean is wanted, the text is read as one. */
function convertFromEnvironment(
  input: PlainMap,
  issues: readonly z.core.$ZodIssue[],
  path: Path,
  context: SectionContext,
): PlainMap {
  const converted = structuredClone(input);
  for (const issue of issues) {
    if (issue.code !== 'invalid_type' && issue.code !== 'invalid_union') continue;
    const steps = stepsOf(issue.path);
    const value = valueAt(converted, steps);
    if (typeof value !== 'string' || !context.fromEnvironment.has(JSON.stringify([...path, ...steps]))) continue;
    const lower = value.trim().toLowerCase();
    if (isNumeric(value)) setAt(converted, steps, Number(value));
    else if (lower === 'true' || lower === 'false') setAt(converted, steps, lower === 'true');
  }
  return converted;
}

/** The value under `root` at these steps; undefined where the way ends before. */
export function valueAt(root: unknown, steps: Path): unknown {
  let at = root;
  for (const step of steps) {
    if (Array.isArray(at) && typeof step === 'number') at = at[step];
    else if (isPlainMap(at)) at = at[step];
    else return undefined;
  }
  return at;
}

function setAt(root: PlainMap, steps: Path, value: unknown): void {
  const parent = valueAt(root, steps.slice(0, -1));
  const last = steps.at(-1);
  if (last === undefined) return;
  if (Array.isArray(parent) && typeof last === 'number') parent[last] = value;
  else if (isPlainMap(parent)) parent[last] = value;
}
