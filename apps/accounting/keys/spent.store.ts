/** What keys, teams and users have spent: in all, and in the current window of their budget. */
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { budgetScopeName, memberId, type BudgetUnit } from '#contracts';
import { Snapshots } from '#service';
import { windowAt } from '../budgets/window.js';
import { nothingSpent, type Spent } from './answers.js';
import type { LimitedRow } from './rows.js';

type Owner = LimitedRow & { readonly id: string };

interface SpentRecord {
  readonly id: string;
  readonly totalNanoUsd: number;
  readonly correctionNanoUsd: number;
  readonly windowNanoUsd: number | null;
  readonly windowTokens: number | null;
  readonly windowRequests: number | null;
  readonly lastAt: Date | null;
}

@Injectable()
export class SpentStore {
  constructor(private readonly snapshots: Snapshots) {}

  /** By id; who never spent anything has an entry too. */
  async load(
    manager: EntityManager,
    kind: 'key' | 'team' | 'user',
    owners: readonly Owner[],
  ): Promise<(id: string) => Spent> {
    if (owners.length === 0) return () => nothingSpent;
    const timeZone = this.snapshots.current()?.general.timezone ?? 'UTC';
    const now = new Date();
    const scope = (unit: BudgetUnit, { id }: Owner) => budgetScopeName({ unit, owner: kind, id, model: null });
    const asked = owners.map((owner) => ({
      id: owner.id,
      usd: scope('usd', owner),
      tokens: owner.maxTokensBudget === null ? null : scope('tokens', owner),
      requests: owner.maxRequestsBudget === null ? null : scope('requests', owner),
      window: windowAt({ duration: owner.budgetDuration, resetAt: owner.budgetResetAt, timeZone }, now),
    }));
    const records = await manager.query<SpentRecord[]>(
      `SELECT o.id, coalesce(t.spend_nano_usd, 0) AS "totalNanoUsd",
         coalesce(t.correction_nano_usd, 0) AS "correctionNanoUsd", t.last_at AS "lastAt",
         usd.settled AS "windowNanoUsd", tokens.settled AS "windowTokens", requests.settled AS "windowRequests"
       FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
         AS o (id, window_id, usd_scope, tokens_scope, requests_scope)
       LEFT JOIN spend_total t ON t.kind = $1 AND t.id = o.id
       LEFT JOIN scope_window usd ON usd.scope = o.usd_scope AND usd.window_id = o.window_id
       LEFT JOIN scope_window tokens ON tokens.scope = o.tokens_scope AND tokens.window_id = o.window_id
       LEFT JOIN scope_window requests ON requests.scope = o.requests_scope AND requests.window_id = o.window_id`,
      [
        kind,
        asked.map((one) => one.id),
        asked.map((one) => one.window.id),
        asked.map((one) => one.usd),
        asked.map((one) => one.tokens),
        asked.map((one) => one.requests),
      ],
    );
    const resets = new Map(asked.map((one) => [one.id, one.window.endsAt]));
    const ofModels = await this.ofModels(manager, kind, owners, now);
    const found = new Map(
      records.map((record) => {
        const modelNanoUsd = ofModels.get(record.id) ?? {};
        return [record.id, { ...record, modelNanoUsd, resetAt: resets.get(record.id) ?? null }];
      }),
    );
    return (id) => found.get(id) ?? nothingSpent;
  }

  /** What owners spent of their budgets for single models, each in its own window. */
  private async ofModels(
    manager: EntityManager,
    kind: 'key' | 'team' | 'user',
    owners: readonly Owner[],
    now: Date,
  ): Promise<ReadonlyMap<string, Readonly<Record<string, number>>>> {
    const timeZone = this.snapshots.current()?.general.timezone ?? 'UTC';
    const asked = owners.flatMap(({ id, modelMaxBudget, budgetDuration, budgetResetAt: resetAt }) =>
      Object.entries(modelMaxBudget).map(([model, budget]) => {
        const window = windowAt({ duration: budget.duration ?? budgetDuration, resetAt, timeZone }, now);
        return { id, model, scope: budgetScopeName({ unit: 'usd', owner: kind, id, model }), windowId: window.id };
      }),
    );
    if (asked.length === 0) return new Map();
    const rows = await manager.query<{ id: string; model: string; settled: number }[]>(
      `SELECT o.id, o.model, w.settled FROM unnest($1::text[], $2::text[], $3::text[], $4::text[])
         AS o (id, model, scope, window_id) JOIN scope_window w USING (scope, window_id)`,
      [
        asked.map((one) => one.id),
        asked.map((one) => one.model),
        asked.map((one) => one.scope),
        asked.map((one) => one.windowId),
      ],
    );
    const byOwner = Map.groupBy(rows, (row) => row.id);
    return new Map(
      [...byOwner].map(([id, own]) => [id, Object.fromEntries(own.map(({ model, settled }) => [model, settled]))]),
    );
  }

  /** What members spent of their budgets in their teams, by `memberId`; who never spent anything is left out. */
  async ofMembers(
    manager: EntityManager,
    members: readonly { readonly team: LimitedRow & { readonly id: string }; readonly userId: string }[],
  ): Promise<ReadonlyMap<string, number>> {
    if (members.length === 0) return new Map();
    const timeZone = this.snapshots.current()?.general.timezone ?? 'UTC';
    const now = new Date();
    const asked = members.map(({ team, userId }) => {
      const id = memberId(team.id, userId);
      const window = windowAt({ duration: team.budgetDuration, resetAt: team.budgetResetAt, timeZone }, now);
      return { id, scope: budgetScopeName({ unit: 'usd', owner: 'member', id, model: null }), window };
    });
    const rows = await manager.query<{ id: string; settled: number }[]>(
      `SELECT o.id, w.settled FROM unnest($1::text[], $2::text[], $3::text[]) AS o (id, scope, window_id)
       JOIN scope_window w USING (scope, window_id)`,
      [asked.map((one) => one.id), asked.map((one) => one.scope), asked.map((one) => one.window.id)],
    );
    return new Map(rows.map(({ id, settled }) => [id, settled]));
  }
}
