/** What the admin API does to users. */
import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import {
  KeyId,
  OwnerName,
  TeamId,
  UserId,
  type BlockUser,
  type CreateUser,
  type DeleteUsers,
  type KeyAnswer,
  type UpdateUser,
} from '#contracts';
import { TeamMemberEntity, UserEntity } from '../database/entities/access.entity.js';
import { badField, keyOnlyFields, readKeyFields, readUserFields } from './admin-fields.js';
import { AdminTransaction, type AdminWork } from './admin-transaction.store.js';
import { budgetRows } from './budget-rows.js';
import { writeBudgets } from './budget-rows.store.js';
import { KeyAdmin } from './key-admin.store.js';
import { KeyStore } from './key.store.js';
import { forgetMember, saveMember } from './member.store.js';
import { newKey, newMember, newUser } from './new-rows.js';
import { OwnerStore } from './owner.store.js';
import type { UserRow } from './rows.js';
import { SpendCorrections } from './spend-correction.store.js';
import { TeamStore } from './team.store.js';
import { UserStore } from './user.store.js';

@Injectable()
export class UserAdmin {
  constructor(
    private readonly admin: AdminTransaction,
    private readonly users: UserStore,
    private readonly owners: OwnerStore,
    private readonly keys: KeyAdmin,
    private readonly keyStore: KeyStore,
    private readonly teams: TeamStore,
    private readonly spend: SpendCorrections,
  ) {}

  create(request: z.output<typeof CreateUser.request>): Promise<z.input<typeof CreateUser.reply>> {
    return this.admin.run(request.actor, async (work) => {
      const { changes, spendNanoUsd, warnings } = readUserFields(request.fields, work.making);
      const row = { ...newUser(UserId.parse(randomUUID()), work.making), ...changes };
      const found = await work.tx.findOneBy(UserEntity, { id: row.id });
      if (found !== null && found.deletedAt === null) throw badField('user_id', 'this user exists already');
      await work.tx.save(UserEntity, row);
      await writeBudgets(work.tx, 'user', row.id, budgetRows('user', row.id, row.alias, row));
      if (spendNanoUsd !== null) await this.spend.set(work.tx, 'user', row, spendNanoUsd, work.making.now);
      work.note({ kind: 'user', id: row.id, action: 'create', before: null, after: row });
      await this.joinTeams(work, row.id, request.fields['teams']);
      const key = await this.firstKey(work, row, request);
      return { v: 1, user: await this.users.answer(work.tx, row.id), key, warnings: [...warnings] };
    });
  }

  update(request: z.output<typeof UpdateUser.request>): Promise<z.input<typeof UpdateUser.reply>> {
    return this.admin.run(request.actor, async (work) => {
      const before = await this.users.take(work.tx, request.userId);
      const { changes, spendNanoUsd, warnings } = readUserFields(request.fields, work.making);
      await this.change(work, before, { ...changes, id: before.id }, 'update', spendNanoUsd);
      return { v: 1, user: await this.users.answer(work.tx, before.id), warnings: [...warnings] };
    });
  }

  setBlocked(request: z.output<typeof BlockUser.request>): Promise<z.input<typeof BlockUser.reply>> {
    return this.admin.run(request.actor, async (work) => {
      const before = await this.users.take(work.tx, request.userId);
      await this.change(work, before, { blocked: request.blocked }, request.blocked ? 'block' : 'unblock');
      return { v: 1, user: await this.users.answer(work.tx, before.id) };
    });
  }

  remove(request: z.output<typeof DeleteUsers.request>): Promise<z.input<typeof DeleteUsers.reply>> {
    return this.admin.run(request.actor, async (work) => {
      for (const userId of request.userIds) {
        const before = await this.users.take(work.tx, userId);
        await this.keys.deleteAllOf(work, { userId });
        for (const { teamId } of await work.tx.findBy(TeamMemberEntity, { userId }))
          await forgetMember(work, teamId, userId);
        await this.change(work, before, { deletedAt: work.making.now }, 'delete');
      }
      return { v: 1, deleted: request.userIds };
    });
  }

  /** The key made along with the user: what only keys have comes from the same body, limits are the user's. */
  private async firstKey(
    work: AdminWork,
    user: UserRow,
    request: z.output<typeof CreateUser.request>,
  ): Promise<KeyAnswer | null> {
    if (request.secret === null) return null;
    const fields = Object.fromEntries(Object.entries(request.fields).filter(([name]) => keyOnlyFields.includes(name)));
    const { changes } = readKeyFields(fields, work.making);
    const id = KeyId.parse(randomUUID());
    const row = { ...newKey(id, request.secret.last4, 'api', work.making), ...changes, userId: user.id };
    await this.keys.insert(work, row, request.secret.digest);
    return this.keyStore.answer(work.tx, row);
  }

  private async joinTeams(work: AdminWork, userId: UserId, given: unknown): Promise<void> {
    if (given === undefined || given === null) return;
    const parsed = z.array(OwnerName.pipe(TeamId)).max(100).safeParse(given);
    if (!parsed.success) throw badField('teams', 'must be a list of at most 100 team ids');
    for (const teamId of parsed.data) {
      await this.owners.ensureTeam(work, teamId);
      const team = await this.teams.take(work.tx, teamId);
      const row = newMember(teamId, userId, work.making);
      await saveMember(work, team, row);
      work.note({ kind: 'team', id: teamId, action: 'member_add', before: null, after: row });
    }
  }

  private async change(
    work: AdminWork,
    before: UserRow,
    changes: Partial<UserRow>,
    action: string,
    spendNanoUsd: number | null = null,
  ): Promise<void> {
    const after: UserRow = { ...before, ...changes, updatedAt: work.making.now, updatedBy: work.making.by };
    await work.tx.save(UserEntity, after);
    const { tx, making } = work;
    const budgets = after.deletedAt === null ? budgetRows('user', after.id, after.alias, after) : [];
    if (spendNanoUsd === null) await this.spend.begin(tx, 'user', after);
    else await this.spend.set(tx, 'user', after, spendNanoUsd, making.now);
    await writeBudgets(tx, 'user', after.id, budgets);
    work.note({
      kind: 'user',
      id: after.id,
      action,
      before,
      after: { ...after, ...(spendNanoUsd === null ? {} : { spendNanoUsd }) },
    });
  }
}
