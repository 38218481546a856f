/** The frame of every admin change: one transaction, its audit rows in it, and the notice to the ingresses after it. */
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { GatewayError, type Actor } from '#contracts';
import { Database } from '../database/database.client.js';
import { isConflict, violatedUnique } from '../database/sql-state.js';
import { badField } from './admin-fields.js';
import { AuditStore, type AdminChange } from './audit.store.js';
import { ChangePublisher } from './change.publisher.js';
import type { Making } from './new-rows.js';

export interface AdminWork {
  readonly tx: EntityManager;
  readonly making: Making;
  /** Notes a change, for the audit trail and for the ingresses. */
  note(change: AdminChange): void;
}

const mostTries = 3;

@Injectable()
export class AdminTransaction {
  constructor(
    private readonly database: Database,
    private readonly audit: AuditStore,
    private readonly publisher: ChangePublisher,
  ) {}

  /**
   * Runs `work`, again where it got into the way of another change; throws GatewayError invalid_request where a name is
   * taken, and whatever `work` throws.
   */
  async run<T>(actor: Actor, work: (admin: AdminWork) => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.once(actor, work);
      } catch (error) {
        if (!isConflict(error) || tries === mostTries) throw takenName(error) ?? error;
      }
    }
  }

  private async once<T>(actor: Actor, work: (admin: AdminWork) => Promise<T>): Promise<T> {
    const changes: AdminChange[] = [];
    const making = { by: actor.alias ?? actor.keyId ?? actor.kind, now: new Date() };
    const result = await this.database.transaction(async (tx) => {
      const done = await work({ tx, making, note: (change) => changes.push(change) });
      await this.audit.record(tx, actor, changes);
      return done;
    });
    await this.publisher.announce(changes);
    return result;
  }
}

const takenNames: Readonly<Record<string, readonly [field: string, problem: string]>> = {
  keys_alias: ['key_alias', 'another key has this alias'],
  key_digests_pkey: ['key', 'this key exists already'],
  teams_pkey: ['team_id', 'this team exists already'],
  users_pkey: ['user_id', 'this user exists already'],
};

function takenName(error: unknown): GatewayError | null {
  const taken = takenNames[violatedUnique(error) ?? ''];
  return taken === undefined ? null : badField(...taken);
}
