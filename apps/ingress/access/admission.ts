/** The decisions of letting a request in: what to reserve for it, and what to say where it is refused. Pure. */
import {
  GatewayError,
  parseBudgetScope,
  type Attempt,
  type BudgetOwner,
  type BudgetUnit,
  type ErrorDetails,
  type KeyRecord,
  type LimitState,
  type LimitTake,
} from '#contracts';
import { usdOfNano } from '#pricing';
import { ceilingsOf, mostTokensOf, type Ceiling, type RequestSize } from './estimate.js';
import type { Denial } from './lease-desk.js';
import { limitText } from './rate-limit.js';

export interface Reserving {
  /** Every budget that pays for the request. */
  readonly scopes: readonly string[];
  /** What may be reserved, dearest first; never empty. */
  readonly ceilings: readonly Ceiling[];
}

/**
 * What a request of `key` for `model` is charged to, and the reservations to try. Throws model_not_priced where money is
 * counted and no attempt has a price. A fallback to a model with a budget of its own is left out: a request is charged to
 * one set of budgets.
 */
export function reservingOf(key: KeyRecord, model: string, attempts: readonly Attempt[], size: RequestSize): Reserving {
  const first = attempts[0];
  const names = [model, ...(first === undefined ? [] : [first.modelGroup, first.upstreamModel])];
  const ownBudgets = modelBudgetsOf(key, names);
  const scopes = [...key.budgetScopes, ...ownBudgets];
  const countsMoney = scopes.some((scope) => parseBudgetScope(scope)?.unit === 'usd');
  const payable = attempts.map((attempt) => {
    const others =
      attempt.fallbackFrom === null ? [] : modelBudgetsOf(key, [attempt.modelGroup, attempt.upstreamModel]);
    return others.every((other) => ownBudgets.includes(other));
  });
  const ceilings = ceilingsOf(size, attempts, countsMoney)
    .map((ceiling) => ({ ...ceiling, attempts: ceiling.attempts.filter((index) => payable[index] === true) }))
    .filter((ceiling) => ceiling.attempts.length > 0);
  if (ceilings.length === 0) throw new GatewayError('model_not_priced', { model });
  return { scopes, ceilings };
}

/** The budgets that key, team and user set for a model: of each, the one for the first of its names that has one. */
function modelBudgetsOf(key: KeyRecord, names: readonly string[]): string[] {
  return [key.modelBudgetScopes, key.teamModelBudgetScopes, key.userModelBudgetScopes].flatMap((scopes) => {
    const name = names.find((one) => Object.hasOwn(scopes, one));
    return name === undefined ? [] : (scopes[name] ?? []);
  });
}

/** What was estimated of a request that a budget does not hold. */
export interface Estimate {
  /** In the unit of the budget. */
  readonly needed: number;
  /** The model by the name that the client knows. */
  readonly model: string;
  readonly promptTokens: number;
  readonly outputTokens: number;
  /** Whether the client said how long its answer may be. */
  readonly isCapped: boolean;
}

/** The refusal of a request whose budget does not hold it. Amounts of the budget are told only of a key's own. */
export function overBudget(key: KeyRecord, denial: Denial, estimate: Estimate, nowMs: number): GatewayError {
  const scope = parseBudgetScope(denial.scope);
  const whose = scope === null ? 'this key' : ownerText(key, scope.owner, scope.model);
  const unit = scope?.unit ?? 'usd';
  const renewal = denial.resetAt === null ? 'It is not renewed by itself.' : `It is renewed at ${denial.resetAt}.`;
  // Every request needs one: where there is none left, nothing that the client changes would help.
  const isUsedUp = denial.settled >= denial.limit || (unit === 'requests' && denial.settled + denial.held > 0);
  const state = scope?.owner === 'key' ? stateOf(denial, unit) : '';
  const message = isUsedUp
    ? `The budget of ${whose} is used up${state === '' ? '' : `: ${state}`}. ${renewal}`
    : `The budget of ${whose} does not hold this request: ${estimateText(estimate, unit)}${state === '' ? '' : `; ${state}`}. ` +
      `${adviceOf(estimate)}${renewal}`;
  const details: ErrorDetails = { message, limit: whose };
  if (denial.resetAt === null) return new GatewayError('insufficient_quota', details);
  const retryAfterMs = Math.max(1_000, Date.parse(denial.resetAt) - nowMs);
  return new GatewayError('insufficient_quota', { ...details, resetAt: denial.resetAt, retryAfterMs });
}

/** What is told of the attempt `lead` of a request that `needed` so much of a budget. */
export function estimateOf(
  { model, attempts }: { readonly model: string; readonly attempts: readonly Attempt[] },
  size: RequestSize,
  lead: number,
  needed: number,
): Estimate {
  const attempt = attempts[lead];
  if (attempt === undefined) return { needed, model, promptTokens: size.inputTokens, outputTokens: 0, isCapped: true };
  const { prompt, output } = mostTokensOf(size, attempt);
  return {
    needed,
    model: attempt.fallbackFrom === null ? model : attempt.modelGroup,
    promptTokens: prompt,
    outputTokens: output,
    isCapped: size.maxOutputTokens !== null,
  };
}

function stateOf({ limit, settled, held }: Denial, unit: BudgetUnit): string {
  const aside = held > 0 ? ` and ${amountText(held, unit)} set aside for requests that are running` : '';
  return `of ${amountText(limit, unit)}, ${amountText(settled, unit)} used${aside}`;
}

function estimateText({ needed, model, promptTokens, outputTokens }: Estimate, unit: BudgetUnit): string {
  const tokens = `${promptTokens} prompt tokens and ${outputTokens} output tokens at most`;
  const verb = unit === 'usd' ? 'cost' : 'use';
  return `with the model '${model}' it may ${verb} up to ${amountText(needed, unit)} (${tokens})`;
}

function adviceOf({ outputTokens, isCapped }: Estimate): string {
  if (outputTokens === 0) return '';
  return isCapped
    ? 'Ask for fewer output tokens (max_tokens). '
    : 'It names no max_tokens, so the longest answer is reckoned with: send one. ';
}

function amountText(amount: number, unit: BudgetUnit): string {
  if (unit === 'usd') return `$${usdOfNano(amount)}`;
  return amount === 1 ? `1 ${unit.slice(0, -1)}` : `${amount} ${unit}`;
}

const limitOwners = ['team', 'user', 'member'] as const;

/** The refusal of a request over a rate limit. */
export function overLimit(
  key: KeyRecord,
  owner: string,
  takes: readonly LimitTake[],
  refused: LimitState,
  retryAfterMs: number,
): GatewayError {
  const take = takes.find(
    ({ kind, name, limit }) => kind === refused.kind && name === refused.name && limit === refused.limit,
  );
  const kind = limitOwners.find((one) => owner.startsWith(`${one}/`)) ?? 'key';
  const limit = limitText(refused, take?.windowMs ?? 60_000, ownerText(key, kind, null));
  const details: ErrorDetails = { limit, retryAfterMs: Math.max(1, Math.ceil(retryAfterMs)) };
  return new GatewayError('rate_limit_exceeded', refused.kind === 'tokens' ? { ...details, param: 'tokens' } : details);
}

function ownerText(key: KeyRecord, owner: BudgetOwner, model: string | null): string {
  const of = model === null ? '' : ` for model '${model}'`;
  switch (owner) {
    case 'key':
      return `${key.alias === null ? 'this key' : `key '${key.alias}'`}${of}`;
    case 'team':
      return `team '${key.teamAlias ?? key.teamId ?? '?'}'${of}`;
    case 'user':
      return `user '${key.userId ?? '?'}'${of}`;
    case 'member':
      return `user '${key.userId ?? '?'}' in team '${key.teamAlias ?? key.teamId ?? '?'}'`;
    case 'global':
      return 'the whole gateway';
  }
}
