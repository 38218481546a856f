/** Members of teams, where keys, teams and users all deal with them. */
import { memberId, type TeamId, type UserId } from '#contracts';
import { TeamEntity, TeamMemberEntity } from '../database/entities/access.entity.js';
import type { AdminWork } from './admin-transaction.store.js';
import { memberBudgetRows } from './budget-rows.js';
import { writeBudgets } from './budget-rows.store.js';
import type { TeamMemberRow, TeamRow } from './rows.js';

/** Takes a user out of a team, with the budget they had there. */
export async function forgetMember(work: AdminWork, teamId: TeamId, userId: UserId): Promise<void> {
  await work.tx.delete(TeamMemberEntity, { teamId, userId });
  await writeBudgets(work.tx, 'member', memberId(teamId, userId), []);
}

/** Writes a membership with its budget. */
export async function saveMember(work: AdminWork, team: TeamRow, row: TeamMemberRow): Promise<void> {
  await work.tx.upsert(TeamMemberEntity, row, ['teamId', 'userId']);
  await writeBudgetOf(work, team, row.userId, row);
}

/** Writes the budget that a user has within a team, where a key binds one to the other. */
export async function writeMemberBudget(
  work: AdminWork,
  { teamId, userId }: { readonly teamId: TeamId | null; readonly userId: UserId | null },
): Promise<void> {
  if (teamId === null || userId === null) return;
  const team = await work.tx.findOneBy(TeamEntity, { id: teamId });
  if (team === null) return;
  await writeBudgetOf(work, team, userId, await work.tx.findOneBy(TeamMemberEntity, { teamId, userId }));
}

/** Writes the budgets of everybody in a team again: they are renewed with the team's, and may be the team's default. */
export async function writeMemberBudgets(work: AdminWork, team: TeamRow): Promise<void> {
  const members = await work.tx.findBy(TeamMemberEntity, { teamId: team.id });
  const byUser = new Map(members.map((member) => [member.userId, member]));
  const holders = await work.tx.query<{ userId: UserId }[]>(
    'SELECT DISTINCT user_id AS "userId" FROM keys WHERE team_id = $1 AND user_id IS NOT NULL AND deleted_at IS NULL',
    [team.id],
  );
  const users = new Set([...byUser.keys(), ...holders.map(({ userId }) => userId)]);
  for (const userId of users) await writeBudgetOf(work, team, userId, byUser.get(userId) ?? null);
}

async function writeBudgetOf(
  work: AdminWork,
  team: TeamRow,
  userId: UserId,
  member: TeamMemberRow | null,
): Promise<void> {
  await writeBudgets(work.tx, 'member', memberId(team.id, userId), memberBudgetRows(team, userId, member));
}
