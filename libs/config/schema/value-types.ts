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

const durationForm = /^\d+(s|m|h|d|w|mo)$/;
const durationWords = ['hourly', 'daily', 'weekly', 'monthly'];

/** LiteLLM's durations: `30s 10m 24h 1d 7d 2w 1mo`, hourly, daily, weekly, monthly. */
export const duration = (description: string, notes: ValueNotes = {}) =>
  noted(
    z.string().refine((value) => durationForm.test(value) || durationWords.includes(value), {
      error: "must be a duration such as '30s', '10m', '24h', '7d', '1mo' or 'monthly'",
    }),
    description,
    notes,
  );

/** The names of a `names` value. */
export function listOf(value: string | readonly string[] | undefined): string[] {
  if (value === undefined) return [];
  return typeof value === 'string' ? [value] : [...value];
}
