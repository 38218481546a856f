/** Members of teams, where teams and users both deal with them. */
import { memberId, type TeamId, type UserId } from '#contracts';
import { TeamMemberEntity } from '../database/entities/access.entity.js';
import type { AdminWork } from './admin-transaction.store.js';
import { writeBudgets } from './budget-rows.store.js';

/** Takes a user out of a team, with the budget they had there. */
export async function forgetMember(work: AdminWork, teamId: TeamId, userId: UserId): Promise<void> {
  await work.tx.delete(TeamMemberEntity, { teamId, userId });
  await writeBudgets(work.tx, 'member', memberId(teamId, userId), []);
}
