/** What an attempt may use at most, and so what is reserved for it. */
import { parseBudgetScope, type BudgetAmounts, type Price } from '#contracts';
import { estimateCost, type BilledUnits } from '#pricing';
import type { Demand } from './lease-wallet.js';

/** What of an attempt decides its cost. */
export interface PricedAttempt {
  readonly price: Price | null;
  readonly kind: 'local' | 'cloud';
  readonly maxOutputTokens: number | null;
}

export interface RequestSize {
  /** Estimated tokens of the prompt. */
  readonly inputTokens: number;
  /** What the client asked for at most; null where it did not say. */
  readonly maxOutputTokens: number | null;
  /** Answers asked for at once (`n`). */
  readonly choices: number;
  /** The most that may be billed beside tokens. */
  readonly units?: BilledUnits;
}

/** Where neither the client nor the model says how long an answer may be. */
export const defaultOutputTokens = 16_384;
/** Tokens that providers add around messages, and the share by which a count may be wrong for a foreign tokenizer. */
const overheadTokens = 32;
const countingError = 1.15;

/** The longest answer of an attempt: what the client wants, else what the model gives, within reason. */
export function outputCapOf(size: RequestSize, attempt: PricedAttempt): number {
  if (size.maxOutputTokens !== null) return size.maxOutputTokens;
  return Math.min(attempt.maxOutputTokens ?? defaultOutputTokens, defaultOutputTokens);
}

/** The most tokens that an attempt may read and write. */
export function mostTokensOf(size: RequestSize, attempt: PricedAttempt): { prompt: number; output: number } {
  const prompt = Math.ceil(size.inputTokens * countingError) + overheadTokens;
  return { prompt, output: outputCapOf(size, attempt) * size.choices };
}

/** The most that an attempt can use, in every unit. `usd` is null where no price is known; local models without one are free. */
export function mostOf(
  size: RequestSize,
  attempt: PricedAttempt,
): Omit<BudgetAmounts, 'usd'> & { readonly usd: number | null } {
  const { prompt: inputTokens, output: maxOutputTokens } = mostTokensOf(size, attempt);
  const price = attempt.price;
  const unpriced = attempt.kind === 'local' ? 0 : null;
  return {
    usd:
      price === null ? unpriced : isFree(price) ? 0 : estimateCost({ inputTokens, maxOutputTokens }, price, size.units),
    tokens: inputTokens + maxOutputTokens,
    requests: 1,
  };
}

function isFree(price: Price): boolean {
  return price.source === 'local' || price.source === 'free';
}

/** What a chain of attempts may use at most, where any of them may run. */
export interface Ceiling {
  /** Indexes of the attempts that fit under it. */
  readonly attempts: readonly number[];
  readonly amounts: BudgetAmounts;
  readonly outputCap: number;
}

/**
 * The reservations to try, dearest first: one that lets every attempt run, then (where the budget does not hold that much)
 * one for attempts no dearer than the first, then one for those that cost nothing. Attempts without a known price are left
 * out where money is counted; an empty list means that none has one.
 */
export function ceilingsOf(size: RequestSize, attempts: readonly PricedAttempt[], countsMoney: boolean): Ceiling[] {
  const priced = attempts.flatMap((attempt, index) => {
    const most = mostOf(size, countsMoney ? attempt : { ...attempt, price: null });
    const { usd } = most;
    if (usd === null && countsMoney) return [];
    return { index, most: { ...most, usd: usd ?? 0 }, outputCap: outputCapOf(size, attempt) };
  });
  const first = priced[0];
  if (first === undefined) return [];
  const dearest = Math.max(...priced.map(({ most }) => most.usd));
  const steps = countsMoney ? [...new Set([dearest, first.most.usd, 0])] : [dearest];
  return steps.flatMap((usd) => {
    const fitting = priced.filter(({ most }) => most.usd <= usd);
    if (fitting.length === 0) return [];
    return {
      attempts: fitting.map(({ index }) => index),
      amounts: {
        usd: Math.max(...fitting.map(({ most }) => most.usd)),
        tokens: Math.max(...fitting.map(({ most }) => most.tokens)),
        requests: 1,
      },
      outputCap: Math.max(...fitting.map(({ outputCap }) => outputCap)),
    };
  });
}

/**
 * What a ceiling needs of each scope. Nothing is asked of a money budget for what costs nothing, so a free model is never
 * refused for money. `capped`: the answer's length is paid for, so the cap must be sent upstream where the client named
 * none; else the reservation would be a guess.
 */
export function demandsOf(
  scopes: readonly string[],
  amounts: BudgetAmounts,
): { readonly demands: readonly Demand[]; readonly capped: boolean } {
  const units = [...new Set(scopes)].flatMap((scope) => {
    const unit = parseBudgetScope(scope)?.unit;
    return unit === undefined || amounts[unit] === 0 ? [] : { scope, unit };
  });
  return {
    demands: units.map(({ scope, unit }) => ({ scope, amount: amounts[unit] })),
    capped: units.some(({ unit }) => unit !== 'requests'),
  };
}
