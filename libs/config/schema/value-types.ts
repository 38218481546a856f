/**
 * The kinds of values a config has, each with its description, default and unit: config.schema.json and the tables in
 * docs/config.md are written from them.
 */
import { z } from 'zod';

export interface ValueNotes {
  /** What holds where the key is absent, in words or as a value. */
  readonly default?: string;
  readonly unit?: string;
}

const noted = <Schema extends z.ZodType>(schema: Schema, description: string, notes: ValueNotes) =>
  schema.optional().meta({
    description,
    ...(notes.default === undefined ? {} : { 'x-default': notes.default }),
    ...(notes.unit === undefined ? {} : { 'x-unit': notes.unit }),
  });

export const text = (description: string, notes: ValueNotes = {}) => noted(z.string().min(1), description, notes);

/** A name that goes over the bus and into the database, where it may have 128 characters; some stay for a suffix. */
export const shortText = (description: string, notes: ValueNotes = {}) =>
  noted(z.string().min(1).max(120), description, notes);

/** Text that must be there. */
export const required = (description: string) => z.string().min(1).meta({ description });

export const flag = (description: string, whenAbsent = 'false') =>
  noted(z.boolean(), description, { default: whenAbsent });

/** Seconds; 0 counts as unset, as in LiteLLM. */
export const seconds = (description: string, whenAbsent?: string) =>
  noted(z.number().nonnegative(), description, {
    unit: 's',
    ...(whenAbsent === undefined ? {} : { default: whenAbsent }),
  });

/** A whole number from 0. */
export const count = (description: string, notes: ValueNotes = {}) =>
  noted(z.number().int().nonnegative(), description, notes);

/** A limit: a whole number from 1. */
export const limit = (description: string, notes: ValueNotes = {}) =>
  noted(z.number().int().positive(), description, notes);

export const amountUsd = (description: string, notes: ValueNotes = {}) =>
  noted(z.number().nonnegative(), description, { unit: 'USD', ...notes });

export const anyNumber = (description: string, notes: ValueNotes = {}) => noted(z.number(), description, notes);

/** A list of names; one name alone stands for a list of one. */
export const names = (description: string, notes: ValueNotes = {}) =>
  noted(z.union([z.array(z.string().min(1)), z.string().min(1)]), description, notes);

export const freeMap = (description: string) => noted(z.record(z.string(), z.unknown()), description, {});

export const choice = <const Values extends readonly [string, ...string[]]>(
  values: Values,
  description: string,
  notes: ValueNotes = {},
) => noted(z.enum(values), description, notes);

export const anything = (description: string) => noted(z.unknown(), description, {});

/** Any other schema with notes. */
export const special = <Schema extends z.ZodType>(schema: Schema, description: string, notes: ValueNotes = {}) =>
  noted(schema, description, notes);

const wordDays: Readonly<Record<string, number>> = { hourly: 1 / 24, daily: 1, weekly: 7, monthly: 30 };
const unitDays: Readonly<Record<string, number>> = { s: 1 / 86_400, m: 1 / 1_440, h: 1 / 24, d: 1, w: 7, mo: 30 };
/** Ten years; longer than that is a typing error. */
const longestDays = 3_660;

/** The days of a duration, a month counted as 30; null for what is none, is 0 or is longer than ten years. */
export function durationDays(written: string): number | null {
  const [, number, unit] = /^(\d+)(s|m|h|d|w|mo)$/.exec(written) ?? [];
  const word = Object.hasOwn(wordDays, written) ? wordDays[written] : undefined;
  const days = unit === undefined ? word : Number(number) * (unitDays[unit] ?? 0);
  return days === undefined || days <= 0 || days > longestDays ? null : days;
}

const durationError = { error: "must be a duration such as '30s', '10m', '24h', '7d', '1mo' or 'monthly'" };

/** LiteLLM's durations: `30s 10m 24h 1d 7d 2w 1mo`, hourly, daily, weekly, monthly. */
export const durationText = z.string().refine((value) => durationDays(value) !== null, durationError);

export const duration = (description: string, notes: ValueNotes = {}) => noted(durationText, description, notes);

/** A duration after which a budget begins anew. There are no periods of several months: LiteLLM has none either. */
export const period = (description: string, notes: ValueNotes = {}) =>
  noted(
    z
      .string()
      .refine((value) => durationDays(value) !== null && (value === '1mo' || !value.endsWith('mo')), durationError),
    description,
    notes,
  );

/** The names of a `names` value. */
export function listOf(value: string | readonly string[] | undefined): string[] {
  if (value === undefined) return [];
  return typeof value === 'string' ? [value] : [...value];
}
