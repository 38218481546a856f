/** What values of the admin API may hold: amounts, limits, durations, names. Each problem says what is wanted. Pure. */
import { z } from 'zod';
import { mostUsd } from '#contracts';
import { isBudgetDuration, isResetTime } from '../budgets/window.js';
import { parseDuration } from './duration.js';
import type { ModelBudget } from './rows.js';

/** One nano-dollar is 1e-9 USD. */
const nanoPerUsd = 1_000_000_000;

export const dollars = z
  .number('must be an amount in USD')
  .nonnegative('must not be negative')
  .max(mostUsd, `must be at most ${mostUsd} USD`)
  .transform((usd) => Math.round(usd * nanoPerUsd));
const whole = (most: number) =>
  z.int('must be a whole number').nonnegative('must not be negative').max(most, `must be at most ${most}`);
export const limit = whole(2_147_483_647);
export const bigLimit = whole(Number.MAX_SAFE_INTEGER);
export const label = z
  .string('must be a text')
  .trim()
  .min(1, 'must not be empty')
  .max(256, 'must be at most 256 characters');
export const names = z
  .array(label, 'must be a list of texts')
  .max(1_000, 'must be at most 1000 names')
  .transform((all) => [...new Set(all)]);
export const duration = z
  .string('must be a duration such as 30d')
  .refine((text) => parseDuration(text) !== null, 'must be a duration such as 30s, 10m, 24h, 7d or 1mo');
export const timeOfDay = z
  .string('must be a time of day such as 06:30')
  .refine(isResetTime, 'must be a time of day such as 06:30');
export const waitProblem = 'must be seconds from 0 to 86400, or a duration';
export const isoTime = z.iso.datetime({ offset: true, error: 'must be an ISO time such as 2026-12-31T00:00:00Z' });
/** The next renewal, as answers show it: a body may be made from an answer. */
export const shownTime = isoTime.transform((text) => new Date(text));
export const period = z
  .string('must be a duration such as 30d')
  .refine(isBudgetDuration, 'must be a duration such as 30s, 10m, 24h, 1d, 7d, 30d or 1mo');
export const modelLimits = z.record(label, limit, 'must be an object of models and limits');
const longestJson = 65_536;
export const dictionary = z
  .record(z.string(), z.unknown(), 'must be an object')
  .refine((value) => JSON.stringify(value).length <= longestJson, `must be at most ${longestJson} characters of JSON`);
export const modelBudget = z
  .union(
    [
      z.number(),
      z.object({
        budget_limit: z.number().optional(),
        max_budget: z.number().optional(),
        time_period: period.nullable().optional(),
        budget_duration: period.nullable().optional(),
      }),
    ],
    'needs a budget_limit in USD, and a time_period such as 1d if any',
  )
  .transform((value, context): ModelBudget => {
    const usd = typeof value === 'number' ? value : (value.budget_limit ?? value.max_budget);
    const nano = dollars.safeParse(usd);
    if (!nano.success) {
      context.addIssue({ code: 'custom', message: 'needs a budget_limit in USD that is not negative' });
      return z.NEVER;
    }
    const during = typeof value === 'number' ? null : (value.time_period ?? value.budget_duration ?? null);
    return { limitNanoUsd: nano.data, duration: during };
  });
