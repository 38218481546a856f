/** What the admin API does to teams and their members. */
import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import {
  TeamId,
  TeamMember,
  type TeamMemberChange,
  type AddTeamMembers,
  type BlockTeam,
  type CreateTeam,
  type DeleteTeams,
  type RemoveTeamMembers,
  type UpdateTeam,
  type UpdateTeamMember,
  type UserId,
} from '#contracts';
import { TeamEntity, TeamMemberEntity, UserEntity } from '../database/entities/access.entity.js';
import { badField, readTeamFields } from './admin-fields.js';
import { AdminTransaction, type AdminWork } from './admin-transaction.store.js';
import { budgetRows } from './budget-rows.js';
import { writeBudgets } from './budget-rows.store.js';
import { KeyAdmin } from './key-admin.store.js';
import { forgetMember, saveMember, writeMemberBudgets } from './member.store.js';
import { newMember, newTeam } from './new-rows.js';
import { OwnerStore } from './owner.store.js';
import type { TeamMemberRow, TeamRow } from './rows.js';
import { SpendCorrections } from './spend-correction.store.js';
import { TeamStore } from './team.store.js';

const nanoPerUsd = 1_000_000_000;

@Injectable()
export class TeamAdmin {
  constructor(
    private readonly admin: AdminTransaction,
    private readonly teams: TeamStore,
    private readonly owners: OwnerStore,
    private readonly keys: KeyAdmin,
    private readonly spend: SpendCorrections,
  ) {}

  create(request: z.output<typeof CreateTeam.request>): Promise<z.input<typeof CreateTeam.reply>> {
    return this.admin.run(request.actor, async (work) => {
      const { changes, spendNanoUsd, warnings } = readTeamFields(request.fields, work.making);
      const row = { ...newTeam(TeamId.parse(randomUUID()), work.making), ...changes };
      const found = await work.tx.findOneBy(TeamEntity, { id: row.id });
      if (found !== null && found.deletedAt === null) throw badField('team_id', 'this team exists already');
      await work.tx.save(TeamEntity, row);
      await writeBudgets(work.tx, 'team', row.id, budgetRows('team', row.id, row.alias, row));
      if (spendNanoUsd !== null) await this.spend.set(work.tx, 'team', row, spendNanoUsd, work.making.now);
      work.note({ kind: 'team', id: row.id, action: 'create', before: null, after: row });
      await this.addMembers(work, row, membersOf(request.fields));
      return { v: 1, team: await this.teams.answer(work.tx, row.id), warnings: [...warnings] };
    });
  }

  update(request: z.output<typeof UpdateTeam.request>): Promise<z.input<typeof UpdateTeam.reply>> {
    return this.admin.run(request.actor, async (work) => {
      const before = await this.teams.take(work.tx, request.teamId);
      const listed = request.models === null ? {} : { models: changedModels(before.models, request.models) };
      const fields = { ...request.fields, ...listed };
      const { changes, spendNanoUsd, warnings } = readTeamFields(fields, work.making);
      await this.change(work, before, { ...changes, id: before.id }, 'update', spendNanoUsd);
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
        for (const { userId } of await work.tx.findBy(TeamMemberEntity, { teamId }))
          await forgetMember(work, teamId, userId);
        await this.change(work, before, { deletedAt: work.making.now }, 'delete');
      }
      return { v: 1, deleted: request.teamIds };
    });
  }

  add(request: z.output<typeof AddTeamMembers.request>): Promise<z.input<typeof AddTeamMembers.reply>> {
    return this.admin.run(request.actor, async (work) => {
      const team = await this.teams.take(work.tx, request.teamId);
      await this.addMembers(work, team, request.members);
      return { v: 1, team: await this.teams.answer(work.tx, request.teamId) };
    });
  }

  removeMembers(request: z.output<typeof RemoveTeamMembers.request>): Promise<z.input<typeof RemoveTeamMembers.reply>> {
    return this.admin.run(request.actor, async (work) => {
      await this.teams.take(work.tx, request.teamId);
      const byEmail = await this.owners.usersByEmail(work, request.userEmails);
      for (const userId of [...request.userIds, ...byEmail]) {
        const before = await memberOf(work, request.teamId, userId);
        // What members have in a team ends with their membership: without its budget a key would be worth more than before.
        await this.keys.deleteAllOf(work, { teamId: request.teamId, userId });
        await forgetMember(work, request.teamId, userId);
        work.note({ kind: 'team', id: request.teamId, action: 'member_delete', before, after: null });
      }
      return { v: 1, team: await this.teams.answer(work.tx, request.teamId) };
    });
  }

  updateMember(request: z.output<typeof UpdateTeamMember.request>): Promise<z.input<typeof UpdateTeamMember.reply>> {
    return this.admin.run(request.actor, async (work) => {
      const team = await this.teams.take(work.tx, request.teamId);
      const { user_id: userId, user_email: email } = request.member;
      const before = await memberOf(work, team.id, userId);
      const after = { ...before, ...changesOf(request.member) };
      if (email != null) await work.tx.update(UserEntity, { id: userId }, { email });
      await saveMember(work, team, after);
      work.note({ kind: 'team', id: team.id, action: 'member_update', before, after });
      return { v: 1, team: await this.teams.answer(work.tx, team.id) };
    });
  }

  private async addMembers(work: AdminWork, team: TeamRow, members: readonly TeamMember[]): Promise<void> {
    const teamId = team.id;
    for (const member of members) {
      const userId = await this.owners.ensureMember(work, member);
      // Who is a member already keeps what is not given: added again, nobody has more than before.
      const before = await work.tx.findOneBy(TeamMemberEntity, { teamId, userId });
      const after = { ...(before ?? newMember(teamId, userId, work.making)), ...changesOf(member) };
      await saveMember(work, team, after);
      work.note({ kind: 'team', id: teamId, action: 'member_add', before, after });
    }
  }

  private async change(
    work: AdminWork,
    before: TeamRow,
    changes: Partial<TeamRow>,
    action: string,
    spendNanoUsd: number | null = null,
  ): Promise<void> {
    const after: TeamRow = { ...before, ...changes, updatedAt: work.making.now, updatedBy: work.making.by };
    await work.tx.save(TeamEntity, after);
    const { tx, making } = work;
    const budgets = after.deletedAt === null ? budgetRows('team', after.id, after.alias, after) : [];
    if (spendNanoUsd === null) await this.spend.begin(tx, 'team', after);
    else await this.spend.set(tx, 'team', after, spendNanoUsd, making.now);
    await writeBudgets(tx, 'team', after.id, budgets);
    await writeMemberBudgets(work, after);
    work.note({
      kind: 'team',
      id: after.id,
      action,
      before,
      after: { ...after, ...(spendNanoUsd === null ? {} : { spendNanoUsd }) },
    });
  }
}

/** A list of models with some more or fewer. An empty list would mean all: who loses the last one has none. */
function changedModels(
  models: readonly string[],
  change: { readonly add: string[]; readonly remove: string[] },
): string[] {
  const none = 'no-default-models';
  const kept = models.filter((model) => !change.remove.includes(model));
  const all = [...kept, ...change.add];
  if (all.length === 0 && models.length > 0) return [none];
  return change.add.length === 0 ? all : all.filter((model) => model !== none);
}

/** What is given of a member; null takes a value away. */
function changesOf(given: Omit<z.infer<typeof TeamMemberChange>, 'user_id'>): Partial<TeamMemberRow> {
  const { role, max_budget_in_team: usd, rpm_limit: rpmLimit, tpm_limit: tpmLimit } = given;
  return {
    ...(role === undefined ? {} : { role }),
    ...(usd === undefined ? {} : { maxBudgetNanoUsd: usd === null ? null : Math.round(usd * nanoPerUsd) }),
    ...(rpmLimit === undefined ? {} : { rpmLimit }),
    ...(tpmLimit === undefined ? {} : { tpmLimit }),
  };
}

/** Throws GatewayError invalid_request for who is no member. */
async function memberOf(work: AdminWork, teamId: TeamId, userId: UserId): Promise<TeamMemberRow> {
  const row = await work.tx.findOneBy(TeamMemberEntity, { teamId, userId });
  if (row === null) throw badField('user_id', `${userId} is not a member of this team`);
  return row;
}

function membersOf(fields: Readonly<Record<string, unknown>>): TeamMember[] {
  const given = fields['members_with_roles'];
  if (given === undefined || given === null) return [];
  const parsed = z.array(TeamMember).max(500).safeParse(given);
  if (!parsed.success) throw badField('members_with_roles', parsed.error.issues[0]?.message ?? 'is not valid');
  return parsed.data;
}
