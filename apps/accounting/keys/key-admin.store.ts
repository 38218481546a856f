/** What the admin API does to keys. */
import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { z } from 'zod';
import {
  GatewayError,
  KeyId,
  type BlockKey,
  type DeleteKeys,
  type GenerateKey,
  type KeyAnswer,
  type RegenerateKey,
  type UpdateKey,
} from '#contracts';
import { KeyEntity } from '../database/entities/access.entity.js';
import { badField, readKeyFields } from './admin-fields.js';
import { AdminTransaction, type AdminWork } from './admin-transaction.store.js';
import { budgetRows } from './budget-rows.js';
import { writeBudgets } from './budget-rows.store.js';
import { addDuration, parseDuration } from './duration.js';
import { KeyStore, type KeyOwner } from './key.store.js';
import { writeMemberBudget } from './member.store.js';
import { newKey } from './new-rows.js';
import { OwnerStore } from './owner.store.js';
import type { KeyRow } from './rows.js';
import { SpendCorrections } from './spend-correction.store.js';

@Injectable()
export class KeyAdmin {
  constructor(
    private readonly admin: AdminTransaction,
    private readonly keys: KeyStore,
    private readonly owners: OwnerStore,
    private readonly spend: SpendCorrections,
  ) {}

  generate(request: z.output<typeof GenerateKey.request>): Promise<z.input<typeof GenerateKey.reply>> {
    return this.admin.run(request.actor, async (work) => {
      const { changes, spendNanoUsd, warnings } = readKeyFields(request.fields, work.making);
      const id = KeyId.parse(randomUUID());
      const row = { ...newKey(id, request.secret.last4, 'api', work.making), ...changes };
      const made = await this.insert(work, row, request.secret.digest);
      if (spendNanoUsd !== null) await this.spend.set(work.tx, 'key', row, spendNanoUsd, work.making.now);
      const key = await this.keys.answer(work.tx, row);
      return { v: 1, key, ...made, warnings: [...warnings, ...budgetWarnings(row)] };
    });
  }

  /** Inserts a key with its digest and budgets, and makes the team and user it names where they do not exist. */
  async insert(work: AdminWork, row: KeyRow, digest: Parameters<KeyStore['setDigest']>[2]) {
    mustBeWholeIncrease(row, work.making.now);
    const owners = await this.owners.ensure(work, row);
    await work.tx.save(KeyEntity, row);
    await this.keys.setDigest(work.tx, row.id, digest, null);
    await writeBudgets(work.tx, 'key', row.id, budgetRows('key', row.id, row.alias, row));
    await writeMemberBudget(work, row);
    work.note({ kind: 'key', id: row.id, action: 'generate', before: null, after: row });
    return owners;
  }

  update(request: z.output<typeof UpdateKey.request>): Promise<z.input<typeof UpdateKey.reply>> {
    return this.admin.run(request.actor, async (work) => {
      const before = await this.keys.take(work.tx, request.key);
      const { changes, spendNanoUsd, warnings } = readKeyFields(request.fields, work.making);
      const after = await this.change(work, before, changes, 'update', spendNanoUsd);
      const key = await this.keys.answer(work.tx, after);
      return { v: 1, key, warnings: [...warnings, ...budgetWarnings(after), ...configWarnings(after)] };
    });
  }

  /** Writes what differs of a key, with its budgets, and what counts as spent where that is given. */
  async change(
    work: AdminWork,
    before: KeyRow,
    changes: Partial<KeyRow>,
    action: string,
    spendNanoUsd: number | null = null,
  ): Promise<KeyRow> {
    const after: KeyRow = { ...before, ...changes, updatedAt: work.making.now, updatedBy: work.making.by };
    if (changes.tempBudgetUntil !== undefined || changes.tempBudgetNanoUsd !== undefined)
      mustBeWholeIncrease(after, work.making.now);
    // Only whom it newly names: a change of a key must not bring back an owner that is being deleted.
    if (after.teamId !== before.teamId || after.userId !== before.userId) await this.owners.ensure(work, after);
    const { id } = after;
    await work.tx.save(KeyEntity, after);
    const { tx, making } = work;
    const budgets = after.deletedAt === null ? budgetRows('key', id, after.alias, after) : [];
    if (spendNanoUsd === null) await this.spend.begin(tx, 'key', after);
    else await this.spend.set(tx, 'key', after, spendNanoUsd, making.now);
    await writeBudgets(tx, 'key', id, budgets);
    if (after.deletedAt === null) await writeMemberBudget(work, after);
    work.note({
      kind: 'key',
      id,
      action,
      before,
      after: { ...after, ...(spendNanoUsd === null ? {} : { spendNanoUsd }) },
    });
    return after;
  }

  remove(request: z.output<typeof DeleteKeys.request>): Promise<z.input<typeof DeleteKeys.reply>> {
    return this.admin.run(request.actor, async (work) => {
      const deleted: { token: KeyId; key_alias: string | null }[] = [];
      for (const ref of request.keys) {
        const row = await this.keys.take(work.tx, ref);
        await this.delete(work, row);
        deleted.push({ token: row.id, key_alias: row.alias });
      }
      return { v: 1, deleted };
    });
  }

  /** The row stays for the names in old reports; the key opens nothing any more, and its alias is free. */
  async delete(work: AdminWork, row: KeyRow): Promise<void> {
    await work.tx.query('DELETE FROM key_digests WHERE key_id = $1', [row.id]);
    await this.change(work, row, { deletedAt: work.making.now }, 'delete');
  }

  setBlocked(request: z.output<typeof BlockKey.request>, blocked: boolean): Promise<{ v: 1; key: KeyAnswer }> {
    return this.admin.run(request.actor, async (work) => {
      const before = await this.keys.take(work.tx, request.key);
      const after = await this.change(work, before, { blocked }, blocked ? 'block' : 'unblock');
      return { v: 1, key: await this.keys.answer(work.tx, after) };
    });
  }

  async regenerate(request: z.output<typeof RegenerateKey.request>): Promise<z.input<typeof RegenerateKey.reply>> {
    const renewed = this.admin.run(request.actor, async (work) => {
      const graceUntil = graceEnd(request.gracePeriod, work.making.now);
      const before = await this.keys.take(work.tx, request.key);
      const { changes, warnings } = readKeyFields(request.fields, work.making);
      await this.keys.setDigest(work.tx, before.id, request.secret.digest, graceUntil);
      const { last4 } = request.secret;
      const after = await this.change(work, before, { ...changes, last4 }, 'regenerate');
      const key = await this.keys.answer(work.tx, after);
      return {
        v: 1 as const,
        key,
        old_valid_until: graceUntil?.toISOString() ?? null,
        warnings: [...warnings, ...budgetWarnings(after), ...configWarnings(after)],
      };
    });
    return renewed.catch((error: unknown) => {
      // Here `key` names the one that is renewed.
      const isTaken =
        error instanceof GatewayError && error.code === 'invalid_request' && error.details.param === 'key';
      throw isTaken ? badField('new_key', 'this key exists already') : error;
    });
  }

  /** Deletes the keys of a team, a user or a member that goes away. */
  async deleteAllOf(work: AdminWork, owner: KeyOwner): Promise<void> {
    for (const id of await this.keys.idsOf(work.tx, owner)) {
      await this.delete(work, await this.keys.take(work.tx, { by: 'id', id }));
    }
  }
}

/** LiteLLM takes both or none: an increase without an end would be a new budget. */
function mustBeWholeIncrease(row: KeyRow, now: Date): void {
  if ((row.tempBudgetNanoUsd === null) !== (row.tempBudgetUntil === null))
    throw badField('temp_budget_expiry', 'temp_budget_increase and temp_budget_expiry must be set together');
  if (row.tempBudgetUntil !== null && row.tempBudgetUntil <= now)
    throw badField('temp_budget_expiry', 'must be in the future');
}

function graceEnd(period: string | null, now: Date): Date | null {
  if (period === null || period === '') return null;
  const duration = parseDuration(period);
  if (duration === null) throw badField('grace_period', 'must be a duration such as 30m or 24h');
  return addDuration(now, duration);
}

function budgetWarnings(row: KeyRow): string[] {
  if (row.maxBudgetNanoUsd !== null) return [];
  return [
    ...(row.softBudgetNanoUsd === null ? [] : ['soft_budget has no effect without max_budget']),
    ...(row.tempBudgetNanoUsd === null ? [] : ['temp_budget_increase has no effect without max_budget']),
  ];
}

function configWarnings(row: KeyRow): string[] {
  return row.origin === 'config'
    ? ['this key is declared in the config file, which decides again at the next start']
    : [];
}
