/**
 * Windows and leases in PostgreSQL. Whoever changes a lease holds the lock of its window; windows are locked in one order,
 * so that two transactions never wait for each other in a circle. The arithmetic is in lease.ts and escrow.ts.
 */
import type { EntityManager } from 'typeorm';
import type { Lease, ScopeWindow } from './lease.js';

export interface WindowName {
  readonly scope: string;
  readonly windowId: string;
}

export interface WindowRow extends ScopeWindow {
  readonly endsAt: Date | null;
}

interface LeaseRecord extends Omit<Lease, 'expiresAt'> {
  readonly expiresAt: Date;
}

/** The key under which a window is found in maps. */
export function windowKey({ scope, windowId }: WindowName): string {
  return `${scope} ${windowId}`;
}

/** What a transaction works on: rows as they were, and as they shall be written. */
export class EscrowRows {
  private readonly windows: Map<string, WindowRow>;
  private readonly leases: Map<string, Lease>;
  private readonly touchedWindows = new Set<string>();
  private readonly touchedLeases = new Set<string>();

  private constructor(windows: readonly WindowRow[], leases: readonly Lease[]) {
    this.windows = new Map(windows.map((window) => [windowKey(window), window]));
    this.leases = new Map(leases.map((lease) => [lease.id, lease]));
  }

  /** Locks windows and reads them with some of their leases. Windows that do not exist are left out. */
  static async lock(tx: EntityManager, names: readonly WindowName[], leaseIds: readonly string[]): Promise<EscrowRows> {
    const windows = await tx.query<WindowRow[]>(
      `SELECT w.scope, w.window_id AS "windowId", w.limit_n AS "limit", w.settled, w.held, w.overrun, w.ends_at AS "endsAt"
       FROM scope_window w
       JOIN (SELECT DISTINCT * FROM unnest($1::text[], $2::text[]) AS t (scope, window_id)) n USING (scope, window_id)
       ORDER BY w.scope, w.window_id FOR UPDATE OF w`,
      [names.map((name) => name.scope), names.map((name) => name.windowId)],
    );
    // A lease is read after its window is locked, so nobody changes it any more.
    const leases =
      leaseIds.length === 0
        ? []
        : await tx.query<LeaseRecord[]>(
            `SELECT id, scope, window_id AS "windowId", holder, epoch, granted, released, settled, state,
               expires_at AS "expiresAt"
             FROM lease WHERE id = ANY($1)`,
            [leaseIds],
          );
    return new EscrowRows(
      windows,
      leases.map((lease) => ({ ...lease, expiresAt: lease.expiresAt.getTime() })),
    );
  }

  window(name: WindowName): WindowRow | null {
    return this.windows.get(windowKey(name)) ?? null;
  }

  lease(id: string): Lease | null {
    return this.leases.get(id) ?? null;
  }

  /** Takes over what an operation left; written by `save`. */
  put(window: ScopeWindow, lease: Lease | null): void {
    const key = windowKey(window);
    const known = this.windows.get(key);
    this.windows.set(key, { ...window, endsAt: known?.endsAt ?? null });
    this.touchedWindows.add(key);
    if (lease === null) return;
    this.leases.set(lease.id, lease);
    this.touchedLeases.add(lease.id);
  }

  /** Writes what was put, in two statements. */
  async save(tx: EntityManager): Promise<void> {
    const windows = [...this.touchedWindows].flatMap((key) => this.windows.get(key) ?? []);
    const leases = [...this.touchedLeases].flatMap((id) => this.leases.get(id) ?? []);
    if (windows.length > 0) {
      await tx.query(
        `UPDATE scope_window w SET limit_n = r."limit", settled = r.settled, held = r.held, overrun = r.overrun
         FROM json_to_recordset($1::json) AS r (scope text, "windowId" text, "limit" bigint, settled bigint, held bigint,
           overrun bigint)
         WHERE w.scope = r.scope AND w.window_id = r."windowId"`,
        [JSON.stringify(windows)],
      );
    }
    if (leases.length > 0) {
      await tx.query(
        `INSERT INTO lease (id, scope, window_id, holder, epoch, granted, released, settled, state, expires_at)
         SELECT id, scope, "windowId", holder, epoch, granted, released, settled, state,
           to_timestamp("expiresAt" / 1000.0)
         FROM json_to_recordset($1::json) AS r (id text, scope text, "windowId" text, holder text, epoch bigint,
           granted bigint, released bigint, settled bigint, state text, "expiresAt" double precision)
         ON CONFLICT (id) DO UPDATE SET released = excluded.released, settled = excluded.settled,
           state = excluded.state, expires_at = excluded.expires_at`,
        [JSON.stringify(leases)],
      );
    }
  }
}
