/**
 * Budgets on the bus: scopes, the leases that let an ingress spend from one without asking, and the alerts.
 * A lease is a piece of a budget that PostgreSQL has set aside; docs/budgets.md tells the protocol.
 */
import { z } from 'zod';
import { durableContract, eventContract, requestContract } from './contract.js';
import type { TokenUsage } from './inference.js';

export const budgetUnits = ['usd', 'tokens', 'requests'] as const;
/** What a budget counts. Amounts of `usd` are integer nano-dollars everywhere. */
export const BudgetUnit = z.enum(budgetUnits);
export type BudgetUnit = z.infer<typeof BudgetUnit>;

export const budgetOwners = ['key', 'team', 'user', 'member', 'global'] as const;
export const BudgetOwner = z.enum(budgetOwners);
export type BudgetOwner = z.infer<typeof BudgetOwner>;

/** The parts of a scope's name. `id` is empty for the global budget and a `memberId` for a member's; `model` only for a budget of one model. */
export interface BudgetScope {
  readonly unit: BudgetUnit;
  readonly owner: BudgetOwner;
  readonly id: string;
  readonly model: string | null;
}

/** The name of a scope: `usd/key/k1`, `tokens/team/t1`, `usd/global`, `usd/key/k1/gpt-4o`; ids and models are URI-encoded. */
export function budgetScopeName(scope: BudgetScope): string {
  const parts: string[] = [scope.unit, scope.owner];
  if (scope.owner !== 'global') parts.push(encodeURIComponent(scope.id));
  if (scope.model !== null) parts.push(encodeURIComponent(scope.model));
  return parts.join('/');
}

/** The parts of a scope's name, or null where it is none. */
export function parseBudgetScope(name: string): BudgetScope | null {
  const [unitText, ownerText, id, model, ...rest] = name.split('/');
  const unit = BudgetUnit.safeParse(unitText);
  const owner = BudgetOwner.safeParse(ownerText);
  if (!unit.success || !owner.success || rest.length > 0) return null;
  if (owner.data === 'global') {
    return id === undefined ? { unit: unit.data, owner: 'global', id: '', model: null } : null;
  }
  const plainId = decoded(id);
  const plainModel = model === undefined ? null : decoded(model);
  if (plainId === null || plainId === '' || (model !== undefined && plainModel === null)) return null;
  return { unit: unit.data, owner: owner.data, id: plainId, model: plainModel };
}

function decoded(text: string | undefined): string | null {
  if (text === undefined) return null;
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

/** Names what a user may spend within a team. */
export function memberId(teamId: string, userId: string): string {
  return `${encodeURIComponent(teamId)}/${encodeURIComponent(userId)}`;
}

/** The team and the user of a `memberId`; null where it is none. */
export function parseMemberId(id: string): { readonly teamId: string; readonly userId: string } | null {
  const [team, user, ...rest] = id.split('/');
  const [teamId, userId] = [decoded(team), decoded(user)];
  return !teamId || !userId || rest.length > 0 ? null : { teamId, userId };
}

/** One thing measured in every unit. */
export interface BudgetAmounts {
  readonly usd: number;
  readonly tokens: number;
  readonly requests: number;
}

/**
 * What an attempt is charged with, in every unit: the cost (0 where no price is known), the tokens of prompt and output,
 * and one request where the attempt was answered. An attempt that failed counts no request, so retries count once.
 */
export function chargedAmounts(close: {
  readonly outcome: 'success' | 'failure' | 'client_disconnected';
  readonly usage: Pick<TokenUsage, 'inputTokens' | 'outputTokens'>;
  readonly costNanoUsd: number | null;
}): BudgetAmounts {
  return {
    usd: close.costNanoUsd ?? 0,
    tokens: close.usage.inputTokens + close.usage.outputTokens,
    requests: close.outcome === 'failure' ? 0 : 1,
  };
}

const amount = z.number().int().nonnegative();
const leaseId = z.string().min(1).max(128);
/** Two ids of a member, encoded twice, in their longest form. */
const scopeName = z.string().min(1).max(2_048);

export const LeaseWant = z.object({
  /** Made by the holder: asking again with the same id gives the same lease. */
  leaseId,
  scope: scopeName,
  /** The reservation that must fit; less is never granted. */
  need: amount,
  /** What all that wait for this scope would use. */
  want: amount,
});
export type LeaseWant = z.infer<typeof LeaseWant>;

export const LeaseAnswer = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('granted'),
    leaseId,
    scope: scopeName,
    windowId: z.string(),
    granted: amount,
    /** Counted by the holder from when it sent the question, on its monotonic clock. */
    ttlMs: z.number().positive(),
    guardMs: z.number().nonnegative(),
    /** Until the budget's window ends; null where it never does. */
    windowLeftMs: z.number().nonnegative().nullable(),
    /** Since 0.2: share of the budget that is posted, 1 = all of it. */
    usedRatio: z.number().nonnegative().optional(),
  }),
  z.object({
    kind: z.literal('denied'),
    leaseId,
    scope: scopeName,
    limit: amount,
    settled: amount,
    held: amount,
    /** When the budget is renewed, ISO; null = never. */
    resetAt: z.string().nullable(),
  }),
  /** The scope has no budget (any more): nothing is to be reserved. */
  z.object({ kind: z.literal('unlimited'), leaseId, scope: scopeName }),
]);
export type LeaseAnswer = z.infer<typeof LeaseAnswer>;

/** Asks for leases; one answer per want, in the same order. Fails with budget_unavailable. */
export const LeaseBudget = requestContract({
  subject: 'accounting.budget.lease',
  request: z.object({
    v: z.literal(1),
    holder: z.string().min(1).max(96),
    epoch: z.number().int().nonnegative(),
    wants: z.array(LeaseWant).min(1).max(32),
  }),
  reply: z.object({ v: z.literal(1), answers: z.array(LeaseAnswer) }),
  deadlineMs: 1_000,
});

export const LeaseRenewal = z.object({
  leaseId,
  scope: scopeName,
  windowId: z.string(),
  /** Everything given back since the grant, cumulative: repeats and reordering do no harm. */
  released: amount,
});
export type LeaseRenewal = z.infer<typeof LeaseRenewal>;

export const RenewedLease = z.object({
  leaseId,
  /** `gone`: expired, closed, revoked or of a window that ended; what was released has been taken all the same. */
  state: z.enum(['open', 'gone']),
  ttlMs: z.number().nonnegative(),
  guardMs: z.number().nonnegative(),
  windowLeftMs: z.number().nonnegative().nullable(),
  /** Since 0.2, as in a grant. */
  usedRatio: z.number().nonnegative().optional(),
});
export type RenewedLease = z.infer<typeof RenewedLease>;

/** Renews leases and gives back what they do not need. */
export const RenewLeases = requestContract({
  subject: 'accounting.budget.renew',
  request: z.object({
    v: z.literal(1),
    holder: z.string().min(1).max(96),
    leases: z.array(LeaseRenewal).min(1).max(500),
  }),
  reply: z.object({ v: z.literal(1), leases: z.array(RenewedLease) }),
  deadlineMs: 1_000,
});

/**
 * Accounting to every ingress: give back what lies idle in this scope. (Changed limits need no message of their own: an
 * ingress that hears of a change of a key, team or user in the bucket KEYS stops using its leases.)
 */
export const RecallLeases = eventContract({
  subject: 'accounting.budget.recall',
  payload: z.object({ v: z.literal(1), scope: scopeName, kind: z.literal('idle') }),
});
export type RecallLeasesEvent = z.infer<typeof RecallLeases.payload>;

/** An ingress to accounting: a request that needed so much was refused for this budget. */
export const BudgetRefused = eventContract({
  subject: 'accounting.budget.refused',
  payload: z.object({ v: z.literal(1), scope: scopeName, needed: amount }),
});

export const BudgetState = z.object({
  scope: scopeName,
  unit: BudgetUnit,
  windowId: z.string(),
  limit: amount,
  softLimit: amount.nullable(),
  settled: z.number().int(),
  held: amount,
  overrun: amount,
  /** ISO; null for a budget that is never renewed. */
  startedAt: z.string().nullable(),
  resetAt: z.string().nullable(),
});
export type BudgetState = z.infer<typeof BudgetState>;

/** What is left of budgets; scopes without one are left out. */
export const BudgetInfo = requestContract({
  subject: 'accounting.budget.info',
  request: z.object({ v: z.literal(1), scopes: z.array(scopeName).max(500) }),
  reply: z.object({ v: z.literal(1), budgets: z.array(BudgetState) }),
  deadlineMs: 2_000,
});

/** A budget crossed a line, once per line and window. Message id: `budget:SCOPE:WINDOW:LINE`. */
export const AlertBudget = durableContract({
  subject: 'alert.budget',
  stream: 'EVENTS',
  payload: z.object({
    v: z.literal(1),
    at: z.string(),
    event: z.enum(['soft_budget_crossed', 'threshold_crossed', 'budget_crossed']),
    scope: scopeName,
    unit: BudgetUnit,
    windowId: z.string(),
    /** The line in percent; null for the soft budget. */
    thresholdPercent: z.number().nullable(),
    spent: z.number().int(),
    limit: amount,
    softLimit: amount.nullable(),
    resetAt: z.string().nullable(),
    keyId: z.string().nullable(),
    keyAlias: z.string().nullable(),
    teamId: z.string().nullable(),
    teamAlias: z.string().nullable(),
    userId: z.string().nullable(),
    /** Since 0.2: how often the line came to lie ahead again in this window. */
    round: z.number().int().nonnegative().default(0),
  }),
});
export type AlertBudgetEvent = z.infer<typeof AlertBudget.payload>;

const reportLine = z.object({
  name: z.string(),
  spendNanoUsd: z.number().int(),
  requests: z.number().int(),
  tokens: z.number().int(),
});

/** What was spent in a day or a week, for those who asked to be told. Message id: `spend_report:PERIOD:FROM`. */
export const AlertSpendReport = durableContract({
  subject: 'alert.spend_report',
  stream: 'EVENTS',
  payload: z.object({
    v: z.literal(1),
    period: z.enum(['daily', 'weekly']),
    /** Days in UTC, both included. */
    from: z.string(),
    to: z.string(),
    total: reportLine.omit({ name: true }),
    /** What the same tokens of local models would have cost in the cloud. */
    savedNanoUsd: z.number().int(),
    keys: z.array(reportLine),
    models: z.array(reportLine),
  }),
});
export type AlertSpendReportEvent = z.infer<typeof AlertSpendReport.payload>;
