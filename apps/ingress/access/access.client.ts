/** What a caller may spend: the door that every planned request passes. */
import { Injectable } from '@nestjs/common';
import {
  GatewayError,
  type Attempt,
  type BudgetAmounts,
  type KeyRecord,
  type LimitState,
  type Payer,
  type RequestId,
} from '#contracts';
import { Metrics } from '#telemetry';
import type { BilledUnits } from '#wire';
import { estimateOf, overBudget, overLimit, reservingOf } from './admission.js';
import { BudgetLeases } from './budget-leases.client.js';
import type { Denial } from './lease-desk.js';
import { demandsOf, mostOf, type Ceiling, type RequestSize } from './estimate.js';
import { Limiter } from './limiter.client.js';
import { limitHeaders, limitsOf, type OwnerLimits } from './rate-limit.js';
import type { BudgetWarning, Reservation } from './reservation.js';

export interface AdmissionFacts {
  readonly requestId: RequestId;
  readonly key: KeyRecord;
  readonly model: string;
  readonly attempts: readonly Attempt[];
  readonly inputTokens: number;
  readonly maxOutputTokens: number | null;
  readonly choices: number;
  readonly endUser: string | null;
  readonly tags: readonly string[];
  /** False for embeddings and the like, which have no output to cap. */
  readonly generates: boolean;
  /** The most that may be billed beside tokens. */
  readonly units?: BilledUnits;
  /** Told `x-ratelimit-*` as soon as they are known, also of a request that is refused then. */
  readonly onLimits?: (headers: Readonly<Record<string, string>>) => void;
}

/** A request that was let in. Exactly one of `settle` and `release` ends it. */
export interface Admission {
  readonly payer: Payer;
  /** The attempts that the reservation covers, in order: others must not run. */
  readonly attempts: readonly Attempt[];
  /** The most output tokens that were reserved for; null = not capped. */
  readonly outputCap: number | null;
  /** Budgets behind it that are nearly used up. */
  readonly warnings: readonly BudgetWarning[];
  /** `x-ratelimit-*`. */
  readonly headers: Readonly<Record<string, string>>;
  /** Whether `attempt` still fits beside what the attempts before it used; where it does not, it must not run. */
  covers(attempt: Attempt, spent: { costNanoUsd: number; tokens: number }): boolean;
  /** The client has its answer: what the limits count is known, and its place among the parallel requests is free. */
  answered(tokens: number): void;
  /** The usage of all attempts is stored: what is left of the reservation is free again. */
  settle(actual: { costNanoUsd: number; tokens: number; answered: boolean }): void;
  /** Nothing ever reached a worker. */
  release(): void;
}

/** What is to be reserved for a request. */
interface Wanted {
  readonly facts: AdmissionFacts;
  readonly size: RequestSize;
  readonly scopes: readonly string[];
  readonly ceilings: readonly Ceiling[];
}

const overrunMetric = 'signalbox_budget_reservation_error_nanodollars_total';

@Injectable()
export class Access {
  constructor(
    private readonly leases: BudgetLeases,
    private readonly limiter: Limiter,
    private readonly metrics: Metrics,
  ) {}

  /** Lets a planned request in; throws insufficient_quota, rate_limit_exceeded, model_not_priced or budget_unavailable. */
  async admit(facts: AdmissionFacts): Promise<Admission> {
    const { key, model, attempts } = facts;
    const size: RequestSize = {
      inputTokens: facts.inputTokens,
      maxOutputTokens: facts.generates ? facts.maxOutputTokens : (facts.maxOutputTokens ?? 0),
      choices: facts.choices,
      ...(facts.units === undefined ? {} : { units: facts.units }),
    };
    const { scopes, ceilings } = reservingOf(key, model, attempts, size);
    const most = ceilings[0]?.amounts.tokens ?? 0;
    const names = [model, ...attempts.slice(0, 1).map((attempt) => attempt.modelGroup)];
    const owners = limitsOf(key, names, most);
    const ticket = this.limiter.ticketOf(facts.requestId);
    const tell = (known: readonly LimitState[]) => facts.onLimits?.(limitHeaders(known));
    const states = await this.takeLimits(key, owners, ticket, tell);
    try {
      const reserved = await this.reserve({ facts, size, scopes, ceilings });
      return this.admission(facts, size, { ...reserved, owners, ticket, states });
    } catch (error) {
      for (const { owner } of owners) this.limiter.finish(owner, ticket, null, true);
      throw error;
    }
  }

  private async takeLimits(
    key: KeyRecord,
    owners: readonly OwnerLimits[],
    ticket: string,
    tell: (states: readonly LimitState[]) => void,
  ): Promise<LimitState[]> {
    const states: LimitState[] = [];
    for (const [i, limits] of owners.entries()) {
      const outcome = await this.limiter.take(limits, ticket);
      states.push(...outcome.states);
      if (outcome.kind === 'granted') continue;
      tell(states);
      // A request that is refused counts nowhere.
      for (const { owner } of owners.slice(0, i)) this.limiter.finish(owner, ticket, null, true);
      throw overLimit(key, limits.owner, limits.takes, outcome.refused, outcome.retryAfterMs);
    }
    tell(states);
    return states;
  }

  private async reserve({
    facts,
    size,
    scopes,
    ceilings,
  }: Wanted): Promise<{ ceiling: Ceiling; reservation: Reservation; capped: boolean }> {
    let refusal: GatewayError | null = null;
    let denied: { denial: Denial; needed: number } | null = null;
    const lead = Math.min(...ceilings.flatMap(({ attempts }) => attempts));
    for (const ceiling of ceilings) {
      const { demands, capped } = demandsOf(scopes, ceiling.amounts);
      const outcome = await this.leases.reserve(demands);
      if (outcome.kind === 'reserved') return { ceiling, reservation: outcome.reservation, capped };
      // Of several refusals the one is told that speaks of the model asked for, not of a dearer fallback.
      if (!ceiling.attempts.includes(lead)) continue;
      if (outcome.kind === 'unavailable') refusal = new GatewayError('budget_unavailable', { retryAfterMs: 5_000 });
      else {
        const { denial } = outcome;
        const needed = demands.find(({ scope }) => scope === denial.scope)?.amount ?? 0;
        refusal = overBudget(facts.key, denial, estimateOf(facts, size, lead, needed), Date.now());
        denied = { denial, needed };
      }
    }
    if (denied !== null) this.leases.refused(denied.denial, denied.needed);
    throw refusal ?? new GatewayError('budget_unavailable');
  }

  private admission(
    facts: AdmissionFacts,
    size: RequestSize,
    admitted: {
      ceiling: Ceiling;
      reservation: Reservation;
      capped: boolean;
      owners: readonly OwnerLimits[];
      ticket: string;
      states: readonly LimitState[];
    },
  ): Admission {
    const { key } = facts;
    const { ceiling, reservation, capped, owners, ticket, states } = admitted;
    const model = ceiling.attempts.flatMap((index) => facts.attempts[index]?.modelGroup ?? [])[0] ?? facts.model;
    if (reservation.amountOf('usd') > 0) this.metrics.expect(overrunMetric, { model });
    let finished = false;
    const finish = (tokens: number | null, undo: boolean) => {
      if (finished) return;
      finished = true;
      for (const { owner } of owners) this.limiter.finish(owner, ticket, tokens, undo);
    };
    return {
      payer: {
        keyId: key.id,
        keyAlias: key.alias,
        teamId: key.teamId,
        userId: key.userId,
        endUser: facts.endUser,
        tags: [...new Set([...key.tags, ...facts.tags])],
        leases: reservation.leases,
        reservedNanoUsd: reservation.amountOf('usd'),
        reservedTokens: reservation.amountOf('tokens'),
      },
      attempts: ceiling.attempts.flatMap((index) => facts.attempts[index] ?? []),
      outputCap: capped && facts.generates ? ceiling.outputCap : null,
      warnings: reservation.warnings,
      headers: limitHeaders(states),
      covers: (attempt, spent) => {
        const { usd, tokens } = mostOf(size, attempt);
        const before: BudgetAmounts = { usd: spent.costNanoUsd, tokens: spent.tokens, requests: 0 };
        return reservation.cover(before, { usd: usd ?? 0, tokens, requests: 1 }, performance.now());
      },
      answered: (tokens) => finish(tokens, false),
      settle: ({ costNanoUsd, tokens, answered }) => {
        const reservedNanoUsd = reservation.amountOf('usd');
        if (reservedNanoUsd > 0 && costNanoUsd > reservedNanoUsd)
          this.metrics.count(overrunMetric, { model }, costNanoUsd - reservedNanoUsd);
        reservation.settle({ usd: costNanoUsd, tokens, requests: answered || tokens > 0 ? 1 : 0 });
        finish(tokens, false);
      },
      release: () => {
        reservation.undo();
        finish(null, true);
      },
    };
  }
}
