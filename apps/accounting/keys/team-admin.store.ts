/** What the admin API does to teams and their members. */
import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import {
  TeamId,
  TeamMember,
  type AddTeamMembers,
  type BlockTeam,
  type CreateTeam,
  type DeleteTeams,
  type RemoveTeamMembers,
  type UpdateTeam,
} from '#contracts';
import { TeamEntity, TeamMemberEntity, UserEntity } from '../database/entities/access.entity.js';
import { badField, readTeamFields } from './admin-fields.js';
import { AdminTransaction, type AdminWork } from './admin-transaction.store.js';
import { budgetRows } from './budget-rows.js';
import { writeBudgets } from './budget-rows.store.js';
import { KeyAdmin } from './key-admin.store.js';
import { newTeam } from './new-rows.js';
import { OwnerStore } from './owner.store.js';
import type { TeamRow } from './rows.js';
import { TeamStore } from './team.store.js';

const nanoPerUsd = 1_000_000_000;

@Injectable()
export class TeamAdmin {
  constructor(
    private readonly admin: AdminTransaction,
    private readonly teams: TeamStore,
    private readonly owners: OwnerStore,
    private readonly keys: KeyAdmin,
  ) {}

  create(request: z.output<typeof CreateTeam.request>): Promise<z.input<typeof CreateTeam.reply>> {
    return this.admin.run(request.actor, async (work) => {
      const { changes, warnings } = readTeamFields(request.fields, work.making);
      const row = { ...newTeam(TeamId.parse(randomUUID()), work.making), ...changes };
      const found = await work.tx.findOneBy(TeamEntity, { id: row.id });
      if (found !== null && found.deletedAt === null) throw badField('team_id', 'this team exists already');
      await work.tx.save(TeamEntity, row);
      await writeBudgets(work.tx, 'team', row.id, budgetRows('team', row.id, row.alias, row));
      work.note({ kind: 'team', id: row.id, action: 'create', before: null, after: row });
      await this.addMembers(work, row.id, membersOf(request.fields));
      return { v: 1, team: await this.teams.answer(work.tx, row.id), warnings: [...warnings] };
    });
  }

  update(request: z.output<typeof UpdateTeam.request>): Promise<z.input<typeof UpdateTeam.reply>> {
    return this.admin.run(request.actor, async (work) => {
      const before = await this.teams.take(work.tx, request.teamId);
      const { changes, warnings } = readTeamFields(request.fields, work.making);
      await this.change(work, before, { ...changes, id: before.id }, 'update');
      return { v: 1, team: await this.teams.answer(work.tx, before.id), warnings: [...warnings] };
    });
  }

  setBlocked(request: z.output<typeof BlockTeam.request>): Promise<z.input<typeof BlockTeam.reply>> {
    return this.admin.run(request.actor, async (work) => {
      const before = await this.teams.take(work.tx, request.teamId);
      await this.change(work, before, { blocked: request.blocked }, request.blocked ? 'block' : 'unblock');
      return { v: 1, team: await this.teams.answer(work.tx, before.id) };
    });
  }

  remove(request: z.output<typeof DeleteTeams.request>): Promise<z.input<typeof DeleteTeams.reply>> {
    return this.admin.run(request.actor, async (work) => {
      for (const teamId of new Set(request.teamIds)) {
        const before = await this.teams.take(work.tx, teamId);
        await this.keys.deleteAllOf(work, { teamId });
        await work.tx.delete(TeamMemberEntity, { teamId });
        await this.change(work, before, { deletedAt: work.making.now }, 'delete');
      }
      return { v: 1, deleted: request.teamIds };
    });
  }

  add(request: z.output<typeof AddTeamMembers.request>): Promise<z.input<typeof AddTeamMembers.reply>> {
    return this.admin.run(request.actor, async (work) => {
      await this.teams.take(work.tx, request.teamId);
      await this.addMembers(work, request.teamId, request.members);
      return { v: 1, team: await this.teams.answer(work.tx, request.teamId) };
    });
  }

  removeMembers(request: z.output<typeof RemoveTeamMembers.request>): Promise<z.input<typeof RemoveTeamMembers.reply>> {
    return this.admin.run(request.actor, async (work) => {
      await this.teams.take(work.tx, request.teamId);
      for (const userId of request.userIds) {
        const { affected } = await work.tx.delete(TeamMemberEntity, { teamId: request.teamId, userId });
        if (affected === 0) throw badField('user_id', `${userId} is not a member of this team`);
        work.note({ kind: 'team', id: request.teamId, action: 'member_delete', before: { userId }, after: null });
      }
      return { v: 1, team: await this.teams.answer(work.tx, request.teamId) };
    });
  }

  private async addMembers(work: AdminWork, teamId: TeamId, members: readonly TeamMember[]): Promise<void> {
    for (const member of members) {
      const made = await this.owners.ensureUser(work, member.user_id);
      if (made && member.user_email != null) {
        await work.tx.update(UserEntity, { id: member.user_id }, { email: member.user_email });
      }
      const budget = member.max_budget_in_team;
      const row = {
        teamId,
        userId: member.user_id,
        role: member.role,
        maxBudgetNanoUsd: budget == null ? null : Math.round(budget * nanoPerUsd),
        addedAt: work.making.now,
      };
      await work.tx.upsert(TeamMemberEntity, row, ['teamId', 'userId']);
      work.note({ kind: 'team', id: teamId, action: 'member_add', before: null, after: row });
    }
  }

  private async change(work: AdminWork, before: TeamRow, changes: Partial<TeamRow>, action: string): Promise<void> {
    const after: TeamRow = { ...before, ...changes, updatedAt: work.making.now, updatedBy: work.making.by };
    await work.tx.save(TeamEntity, after);
    const budgets = after.deletedAt === null ? budgetRows('team', after.id, after.alias, after) : [];
    await writeBudgets(work.tx, 'team', after.id, budgets);
    work.note({ kind: 'team', id: after.id, action, before, after });
  }
}

function membersOf(fields: Readonly<Record<string, unknown>>): TeamMember[] {
  const given = fields['members_with_roles'];
  if (given === undefined || given === null) return [];
  const parsed = z.array(TeamMember).max(500).safeParse(given);
  if (!parsed.success) throw badField('members_with_roles', parsed.error.issues[0]?.message ?? 'is not valid');
  return parsed.data;
}
