/** Keys that the config file declares: they exist from the start, follow the file, and keep their spend. */
import { randomUUID } from 'node:crypto';
import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { In, type EntityManager } from 'typeorm';
import { Environment } from '#config';
import { KeyId, toGatewayError, type ConfigSnapshot, type DeclaredKey, type KeyDigest } from '#contracts';
import { Readiness, Secrets, Snapshots } from '#service';
import { Logger } from '#telemetry';
import { Database } from '../database/database.client.js';
import { KeyDigestEntity, KeyEntity } from '../database/entities/access.entity.js';
import { AdminTransaction, type AdminWork } from './admin-transaction.store.js';
import { budgetRows, globalBudgetRows } from './budget-rows.js';
import { writeBudgets } from './budget-rows.store.js';
import { declaredRow, differs } from './declared-key.js';
import { digestOfKey, lastFour } from './key-digest.js';
import { KeyAdmin } from './key-admin.store.js';
import { KeyStore } from './key.store.js';
import { OwnerStore } from './owner.store.js';
import type { KeyRow } from './rows.js';

/** "sigd" in ASCII. */
const declaredLock = 0x73_69_67_64;
const retryMs = 5_000;
const hold = 'declared-keys';
const actor = { kind: 'config' as const, keyId: null, alias: 'config' };

interface Ready {
  readonly declared: DeclaredKey;
  readonly digest: KeyDigest;
  readonly last4: string;
}

@Injectable()
export class DeclaredKeys implements OnModuleInit, OnApplicationShutdown {
  private running: Promise<void> = Promise.resolve();
  private retry: NodeJS.Timeout | null = null;
  private stopped = false;

  constructor(
    private readonly environment: Environment,
    private readonly snapshots: Snapshots,
    private readonly database: Database,
    private readonly admin: AdminTransaction,
    private readonly keys: KeyAdmin,
    private readonly store: KeyStore,
    private readonly owners: OwnerStore,
    private readonly secrets: Secrets,
    private readonly logger: Logger,
    private readonly readiness: Readiness,
  ) {}

  /** Not ready before the first config was gone through: who is told that all is ready uses a key of the file at once. */
  onModuleInit(): void {
    this.readiness.hold(hold, 'the keys of the config are being taken over');
    this.snapshots.onChange((snapshot) => this.follow(snapshot));
  }

  onApplicationShutdown(): void {
    this.stopped = true;
    if (this.retry !== null) clearTimeout(this.retry);
  }

  /** One snapshot after the other; what could not be taken over is tried again, unless a newer one has come. */
  private follow(snapshot: ConfigSnapshot): void {
    if (this.retry !== null) clearTimeout(this.retry);
    const before = this.running;
    this.running = (async () => {
      await before;
      await this.tryToApply(snapshot);
    })();
  }

  private async tryToApply(snapshot: ConfigSnapshot): Promise<void> {
    try {
      await this.database.whenReady();
      await this.apply(snapshot);
    } catch (error) {
      if (this.stopped) return;
      this.logger.warn({ err: error }, 'the keys of the config could not be taken over yet');
      this.retry = setTimeout(() => this.follow(snapshot), retryMs).unref();
    }
    this.readiness.release(hold);
  }

  /** Makes the stored keys be what the snapshot declares, and writes down the budget of the whole gateway. */
  async apply(snapshot: ConfigSnapshot): Promise<void> {
    const ready = snapshot.declaredKeys.flatMap((declared) => this.secretOf(declared) ?? []);
    await this.admin.run(actor, async (work) => {
      await work.tx.query('SELECT pg_advisory_xact_lock($1)', [declaredLock]);
      for (const one of ready) await this.take(work, one);
      // A key whose secret cannot be read now is still declared: only what left the file is taken away.
      await this.removeOthers(work, new Set(snapshot.declaredKeys.map((declared) => declared.alias)));
      await writeBudgets(work.tx, 'global', '', globalBudgetRows(snapshot.general));
    });
  }

  private secretOf(declared: DeclaredKey): Ready | null {
    const { alias, path, secret: ref } = declared;
    try {
      const secret = this.secrets.resolve(ref)?.reveal() ?? null;
      const pepper = this.environment.keyPepper;
      if (secret !== null && pepper !== null) {
        return { declared, digest: digestOfKey(secret, pepper), last4: lastFour(secret) };
      }
      const reason = pepper === null ? 'SIGNALBOX_KEY_PEPPER is not set' : 'its secret is not set';
      this.logger.warn({ alias, path, reason }, 'a key of the config cannot be used');
    } catch (error) {
      this.logger.warn({ err: error, alias, path }, 'a key of the config cannot be used');
    }
    return null;
  }

  private async take(work: AdminWork, { declared, digest, last4 }: Ready): Promise<void> {
    const existing = await findByAlias(work.tx, declared.alias);
    const owner = await work.tx.findOneBy(KeyDigestEntity, { digest });
    const fields = { alias: declared.alias, path: declared.path };
    if (owner !== null && owner.keyId !== existing?.id) {
      this.logger.error(fields, 'a key of the config has the secret of another key; it is left out');
      return;
    }
    try {
      const fresh = { id: KeyId.parse(randomUUID()), last4 };
      const { row, warnings } = declaredRow(declared, existing, fresh, work.making);
      if (warnings.length > 0)
        this.logger.warn({ ...fields, warnings }, 'a key of the config has fields without effect');
      if (existing === null) await this.keys.insert(work, row, digest);
      else await this.renew(work, existing, row, owner === null ? digest : null);
    } catch (error) {
      const failure = toGatewayError(error);
      if (failure.code !== 'invalid_request') throw error;
      this.logger.error({ ...fields, problem: failure.message }, 'a key of the config is not valid; it is left out');
    }
  }

  private async renew(work: AdminWork, before: KeyRow, after: KeyRow, digest: KeyDigest | null): Promise<void> {
    if (digest !== null) await this.store.setDigest(work.tx, before.id, digest, null);
    await this.owners.ensure(work, after);
    if (differs(before, after)) await this.keys.change(work, before, after, 'declare');
    else await writeBudgets(work.tx, 'key', after.id, budgetRows('key', after.id, after.alias, after));
  }

  private async removeOthers(work: AdminWork, aliases: ReadonlySet<string>): Promise<void> {
    const rows = await work.tx.query<{ id: KeyId; alias: string }[]>(
      `SELECT id, alias FROM keys WHERE origin = 'config' AND deleted_at IS NULL`,
    );
    const gone = rows.filter((row) => !aliases.has(row.alias)).map((row) => row.id);
    if (gone.length === 0) return;
    for (const row of await work.tx.findBy(KeyEntity, { id: In(gone) })) await this.keys.delete(work, row);
  }
}

/** A key that was in the file before comes back as itself, with what it has spent. */
async function findByAlias(tx: EntityManager, alias: string): Promise<KeyRow | null> {
  const [found] = await tx.query<{ id: KeyId }[]>(
    `SELECT id FROM keys WHERE alias = $1 AND (deleted_at IS NULL OR origin = 'config')
     ORDER BY deleted_at DESC NULLS FIRST LIMIT 1`,
    [alias],
  );
  return found === undefined ? null : tx.findOneBy(KeyEntity, { id: found.id });
}
