/** Teams and users that keys name: made where they do not exist, without limits. */
import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { IsNull } from 'typeorm';
import { UserId, type TeamId, type TeamMember } from '#contracts';
import { TeamEntity, UserEntity } from '../database/entities/access.entity.js';
import { badField } from './admin-fields.js';
import type { AdminWork } from './admin-transaction.store.js';
import { newTeam, newUser } from './new-rows.js';

export interface MadeOwners {
  readonly created_team: TeamId | null;
  readonly created_user: UserId | null;
}

@Injectable()
export class OwnerStore {
  /** Makes what is missing; returns what it made. */
  async ensure(work: AdminWork, row: { teamId: TeamId | null; userId: UserId | null }): Promise<MadeOwners> {
    return {
      created_team: row.teamId !== null && (await this.ensureTeam(work, row.teamId)) ? row.teamId : null,
      created_user: row.userId !== null && (await this.ensureUser(work, row.userId)) ? row.userId : null,
    };
  }

  /** True where it had to be made. A deleted one comes back as a new one. */
  async ensureTeam(work: AdminWork, id: TeamId): Promise<boolean> {
    await lockName(work, `team:${id}`);
    const found = await work.tx.findOne(TeamEntity, { where: { id }, lock: whileNamed });
    if (found !== null && found.deletedAt === null) return false;
    const row = newTeam(id, work.making);
    await work.tx.save(TeamEntity, row);
    work.note({ kind: 'team', id, action: 'create', before: null, after: row });
    return true;
  }

  /** True where it had to be made. A deleted one comes back as a new one. */
  async ensureUser(work: AdminWork, id: UserId): Promise<boolean> {
    await lockName(work, `user:${id}`);
    const found = await work.tx.findOne(UserEntity, { where: { id }, lock: whileNamed });
    if (found !== null && found.deletedAt === null) return false;
    const row = newUser(id, work.making);
    await work.tx.save(UserEntity, row);
    work.note({ kind: 'user', id, action: 'create', before: null, after: row });
    return true;
  }

  /** The user that a member is: by id, else by e-mail address; made where there is none. */
  async ensureMember(work: AdminWork, { user_id: named, user_email: email }: TeamMember): Promise<UserId> {
    const known = named === undefined && email != null ? await this.userByEmail(work, email) : null;
    const id = named ?? known ?? UserId.parse(randomUUID());
    if ((await this.ensureUser(work, id)) && email != null) await work.tx.update(UserEntity, { id }, { email });
    return id;
  }

  /** Users by their e-mail addresses; throws GatewayError invalid_request for an address that nobody has. */
  async usersByEmail(work: AdminWork, emails: readonly string[]): Promise<UserId[]> {
    const ids: UserId[] = [];
    for (const email of emails) {
      const id = await this.userByEmail(work, email);
      if (id === null) throw badField('user_email', `nobody has the address ${email}`);
      ids.push(id);
    }
    return ids;
  }

  /** The oldest user with the address. */
  private async userByEmail(work: AdminWork, email: string): Promise<UserId | null> {
    await lockName(work, `email:${email}`);
    const where = { email, deletedAt: IsNull() };
    return (await work.tx.findOne(UserEntity, { where, order: { createdAt: 'ASC' } }))?.id ?? null;
  }
}

/**
 * Who names a team or user waits for who deletes it, and sees it deleted then: a key of a team that is gone would be free of
 * the team's limits. Teams are locked before users, and both before keys, by everybody.
 */
const whileNamed = { mode: 'for_key_share' } as const;

/** Two keys that name the same new team at once must not both make it. */
async function lockName(work: AdminWork, name: string): Promise<void> {
  await work.tx.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [name]);
}
