/** The decisions of letting a request in: what to reserve for it, and what to say where it is refused. Pure. */
import {
  GatewayError,
  parseBudgetScope,
  type Attempt,
  type BudgetOwner,
  type ErrorDetails,
  type KeyRecord,
  type LimitState,
  type LimitTake,
} from '#contracts';
import { usdOfNano } from '#pricing';
import { ceilingsOf, type Ceiling, type RequestSize } from './estimate.js';
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

/** The refusal of a request whose budget does not hold it. Amounts are told only of a key's own budget. */
export function overBudget(key: KeyRecord, denial: Denial, needed: number, nowMs: number): GatewayError {
  const scope = parseBudgetScope(denial.scope);
  const whose = scope === null ? 'this key' : ownerText(key, scope.owner, scope.model);
  const left = Math.max(0, denial.limit - denial.settled);
  const amount = (value: number) => (scope?.unit === 'usd' ? `$${usdOfNano(value)}` : `${value} ${scope?.unit ?? ''}`);
  const renewal = denial.resetAt === null ? 'It is not renewed by itself.' : `It is renewed at ${denial.resetAt}.`;
  const tooLarge = left > 0 && scope?.owner === 'key';
  const message = tooLarge
    ? `The budget of ${whose} does not hold this request: it may use ${amount(needed)}, and ${amount(left)} is left, ` +
      `some of it set aside for requests that are running. Ask for fewer output tokens. ${renewal}`
    : `The budget of ${whose} is used up. ${renewal}`;
  const details: ErrorDetails = { message, limit: whose };
  if (denial.resetAt === null) return new GatewayError('insufficient_quota', details);
  const retryAfterMs = Math.max(1_000, Date.parse(denial.resetAt) - nowMs);
  return new GatewayError('insufficient_quota', { ...details, resetAt: denial.resetAt, retryAfterMs });
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
