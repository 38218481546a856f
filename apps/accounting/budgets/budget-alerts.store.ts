/** Notices when spending crosses a line, once for each line and window, whichever replica posted the charge. */
import { Injectable } from '@nestjs/common';
import { Bus } from '#bus';
import { AlertBudget, parseBudgetScope, parseMemberId, type AlertBudgetEvent, type BudgetUnit } from '#contracts';
import { Snapshots } from '#service';
import { Logger, outsideTraces } from '#telemetry';
import { Database } from '../database/database.client.js';
import { crossedLines, type BudgetLine } from './budget.js';
import { windowKey, type WindowName } from './escrow.store.js';

interface LookedAt extends WindowName {
  /** A request was refused for it since the last look. */
  readonly refused: boolean;
}

interface SpentWindow extends WindowName {
  readonly unit: BudgetUnit;
  readonly limit: number;
  readonly softLimit: number | null;
  readonly settled: number;
  readonly endsAt: Date | null;
  readonly keyAlias: string | null;
  readonly keyTeamId: string | null;
  readonly keyUserId: string | null;
  readonly teamAlias: string | null;
  readonly sent: string[];
  /** How often lines that had been crossed came to lie ahead again. */
  readonly round: number;
}

/** What is asked of the database at once. */
const mostWindows = 500;
const laterMs = 250;
const retryMs = 5_000;

@Injectable()
export class BudgetAlerts {
  private readonly waiting = new Map<string, LookedAt>();
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly database: Database,
    private readonly bus: Bus,
    private readonly snapshots: Snapshots,
    private readonly logger: Logger,
  ) {}

  /** Something was posted in these windows; looked at a moment later, together with what else comes. */
  spentIn(windows: readonly WindowName[]): void {
    for (const { scope, windowId } of windows) this.wait({ scope, windowId, refused: false });
  }

  /** A request was refused for what is missing in this window: it is used up, which nobody may have heard yet. */
  refusedIn({ scope, windowId }: WindowName): void {
    this.wait({ scope, windowId, refused: true });
  }

  /** Sends an alert for every line that was crossed since the last look; throws where the database is away. */
  async look(windows: readonly (WindowName & Partial<LookedAt>)[]): Promise<AlertBudgetEvent[]> {
    const thresholds = this.snapshots.current()?.general.alertThresholds ?? [];
    const found = await this.database.run((manager) => manager.query<SpentWindow[]>(spentWindows, namesOf(windows)));
    const refused = new Set(windows.filter((window) => window.refused === true).map(windowKey));
    const sent: AlertBudgetEvent[] = [];
    for (const spent of found) {
      for (const line of crossedLines(spent, spent.settled, thresholds, refused.has(windowKey(spent)))) {
        if (spent.sent.includes(line.name)) continue;
        const event = alertOf(spent, line, new Date());
        const round = spent.round === 0 ? '' : `:${spent.round}`;
        const messageId = `budget:${spent.scope}:${spent.windowId}:${line.name}${round}`;
        // Sent before it is noted: after a crash it is sent again under the same id, which the stream keeps once.
        await this.bus.publishDurable(AlertBudget, event, { messageId });
        const noted = await this.note(spent, line);
        if (noted) sent.push(event);
      }
    }
    return sent;
  }

  private async note(window: WindowName, line: BudgetLine): Promise<boolean> {
    const rows = await this.database.run((manager) =>
      manager.query<unknown[]>(
        `INSERT INTO budget_alert (scope, window_id, threshold) VALUES ($1, $2, $3)
         ON CONFLICT DO NOTHING RETURNING threshold`,
        [window.scope, window.windowId, line.name],
      ),
    );
    return rows.length > 0;
  }

  private wait(window: LookedAt): void {
    const key = windowKey(window);
    this.waiting.set(key, { ...window, refused: window.refused || this.waiting.get(key)?.refused === true });
    this.later(laterMs);
  }

  private later(ms: number): void {
    this.timer ??= outsideTraces(() =>
      setTimeout(() => {
        this.timer = null;
        void this.lookAtWaiting();
      }, ms).unref(),
    );
  }

  private async lookAtWaiting(): Promise<void> {
    const windows = [...this.waiting.values()].slice(0, mostWindows);
    for (const window of windows) this.waiting.delete(windowKey(window));
    try {
      const sent = await this.look(windows);
      for (const { event, scope } of sent) this.logger.warn({ event, scope }, 'a budget crossed a line');
      if (this.waiting.size > 0) this.later(laterMs);
    } catch (error) {
      this.logger.warn({ err: error }, 'budgets could not be looked at for alerts');
      for (const window of windows) this.wait(window);
      this.later(retryMs);
    }
  }
}

function namesOf(windows: readonly WindowName[]): [string[], string[]] {
  return [windows.map((window) => window.scope), windows.map((window) => window.windowId)];
}

function alertOf(spent: SpentWindow, line: BudgetLine, at: Date): AlertBudgetEvent {
  const scope = parseBudgetScope(spent.scope);
  const own = (owner: string) => (scope?.owner === owner ? scope.id : null);
  const member = parseMemberId(own('member') ?? '');
  return {
    v: 1,
    at: at.toISOString(),
    event: line.event,
    scope: spent.scope,
    unit: spent.unit,
    windowId: spent.windowId,
    thresholdPercent: line.percent,
    spent: spent.settled,
    limit: spent.limit,
    softLimit: spent.softLimit,
    resetAt: spent.endsAt?.toISOString() ?? null,
    keyId: own('key'),
    keyAlias: spent.keyAlias,
    teamId: own('team') ?? member?.teamId ?? spent.keyTeamId,
    teamAlias: spent.teamAlias,
    userId: own('user') ?? member?.userId ?? spent.keyUserId,
    round: spent.round,
  };
}

const spentWindows = `
  SELECT w.scope, w.window_id AS "windowId", b.unit, w.limit_n AS "limit", b.soft_limit_n AS "softLimit", w.settled,
    w.alert_round AS round, w.ends_at AS "endsAt", k.alias AS "keyAlias", k.team_id AS "keyTeamId", k.user_id AS "keyUserId",
    t.alias AS "teamAlias",
    ARRAY(SELECT a.threshold FROM budget_alert a WHERE a.scope = w.scope AND a.window_id = w.window_id) AS sent
  FROM unnest($1::text[], $2::text[]) AS n (scope, window_id)
  JOIN scope_window w USING (scope, window_id)
  JOIN budget b ON b.scope = w.scope
  LEFT JOIN keys k ON b.owner_kind = 'key' AND k.id = b.owner_id
  LEFT JOIN teams t ON t.id = coalesce(k.team_id, CASE b.owner_kind WHEN 'team' THEN b.owner_id END)`;
