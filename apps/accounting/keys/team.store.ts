/** Rows of teams and their members. */
import { Injectable } from '@nestjs/common';
import { In, IsNull, type EntityManager } from 'typeorm';
import { GatewayError, memberId, type TeamAnswer, type TeamId, type UserId } from '#contracts';
import { Database } from '../database/database.client.js';
import { TeamEntity } from '../database/entities/access.entity.js';
import { teamAnswer, type Member } from './answers.js';
import { memberBudget } from './budget-rows.js';
import type { TeamRow } from './rows.js';
import { SpentStore } from './spent.store.js';

@Injectable()
export class TeamStore {
  constructor(
    private readonly database: Database,
    private readonly spent: SpentStore,
  ) {}

  /** The living team of this id, locked until the transaction ends; throws GatewayError not_found. */
  async take(tx: EntityManager, id: TeamId): Promise<TeamRow> {
    const row = await tx.findOne(TeamEntity, {
      where: { id, deletedAt: IsNull() },
      lock: { mode: 'pessimistic_write' },
    });
    if (row === null) throw teamNotFound(id);
    return row;
  }

  info(id: TeamId): Promise<TeamAnswer> {
    return this.database.run(async (manager) => {
      const [answer] = await this.answers(manager, [id]);
      if (answer === undefined) throw teamNotFound(id);
      return answer;
    });
  }

  async list(query: { page: number; size: number; user_id: string | null }) {
    return this.database.run(async (manager) => {
      const rows = await manager.query<{ id: TeamId; total: number }[]>(
        `SELECT t.id, count(*) OVER () AS total FROM teams t
         WHERE t.deleted_at IS NULL AND ($1::text IS NULL
           OR EXISTS (SELECT 1 FROM team_members m WHERE m.team_id = t.id AND m.user_id = $1))
         ORDER BY t.created_at DESC, t.id OFFSET $2 LIMIT $3`,
        [query.user_id, (query.page - 1) * query.size, query.size],
      );
      const ids = rows.map((row) => row.id);
      return { teams: await this.answers(manager, ids), total: rows[0]?.total ?? 0 };
    });
  }

  /** Answers for ids of living teams, in their order. */
  async answers(manager: EntityManager, ids: readonly TeamId[]): Promise<TeamAnswer[]> {
    if (ids.length === 0) return [];
    const rows = await manager.findBy(TeamEntity, { id: In([...ids]), deletedAt: IsNull() });
    const spent = await this.spent.load(manager, 'team', rows);
    const byId = new Map(rows.map((row) => [row.id, row]));
    const members = await this.members(manager, byId);
    return ids.flatMap((id) => {
      const row = byId.get(id);
      return row === undefined ? [] : teamAnswer(row, spent(id), members.get(id) ?? []);
    });
  }

  private async members(manager: EntityManager, teams: ReadonlyMap<TeamId, TeamRow>): Promise<Map<TeamId, Member[]>> {
    const rows = await loadMembers(manager, [...teams.keys()]);
    const budgeted = rows.flatMap((member) => {
      const team = teams.get(member.teamId);
      return team === undefined || memberBudget(team, member) === null ? [] : { team, userId: member.userId };
    });
    const spent = await this.spent.ofMembers(manager, budgeted);
    const withBudget = new Set(budgeted.map(({ team, userId }) => memberId(team.id, userId)));
    const members = rows.map((member): Member => {
      const id = memberId(member.teamId, member.userId);
      return { ...member, spentNanoUsd: withBudget.has(id) ? (spent.get(id) ?? 0) : null };
    });
    return Map.groupBy(members, (member) => member.teamId);
  }

  async answer(manager: EntityManager, id: TeamId): Promise<TeamAnswer> {
    const [answer] = await this.answers(manager, [id]);
    if (answer === undefined) throw teamNotFound(id);
    return answer;
  }

  /** Ids of the living teams that a user belongs to. */
  async idsOfUser(manager: EntityManager, userId: UserId): Promise<TeamId[]> {
    const rows = await manager.query<{ id: TeamId }[]>(
      `SELECT t.id FROM team_members m JOIN teams t ON t.id = m.team_id
       WHERE m.user_id = $1 AND t.deleted_at IS NULL ORDER BY t.id`,
      [userId],
    );
    return rows.map((row) => row.id);
  }
}

function loadMembers(manager: EntityManager, ids: readonly TeamId[]): Promise<Omit<Member, 'spentNanoUsd'>[]> {
  return manager.query(
    `SELECT m.team_id AS "teamId", m.user_id AS "userId", m.role, m.max_budget_nano_usd AS "maxBudgetNanoUsd",
       m.rpm_limit AS "rpmLimit", m.tpm_limit AS "tpmLimit",
       m.added_at AS "addedAt", u.email
     FROM team_members m JOIN users u ON u.id = m.user_id AND u.deleted_at IS NULL
     WHERE m.team_id = ANY($1) ORDER BY m.added_at, m.user_id`,
    [ids],
  );
}

function teamNotFound(id: string): GatewayError {
  return new GatewayError('not_found', { message: `Team not found, passed team_id=${id}`, param: 'team_id' });
}
