/** Posts usage: one transaction for a batch, each attempt once, and every sum that follows from it. */
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Database } from '../database/database.client.js';
import { arrayLiteral } from './array-literal.js';
import { BudgetPosting } from './budget-posting.store.js';
import { ledgerPosting, type Posting } from './ledger-entry.js';
import { bestOfEach, settle, type Settlement } from './settle.js';
import { sumsOf, type SumsOf } from './sums.js';
import type { OpenAttempt, UsageRow } from './usage-row.js';
import * as sql from './usage-statements.js';

@Injectable()
export class UsageStore {
  constructor(
    private readonly database: Database,
    private readonly budgets: BudgetPosting,
  ) {}

  /** Posts finished attempts and remembers begun ones; what was posted before is left as it is. */
  async post(rows: readonly UsageRow[], opens: readonly OpenAttempt[]): Promise<Settlement> {
    const { settlement, posting } = await this.database.transaction((tx) => this.postWithin(tx, rows, opens));
    if (posting.charges.length > 0) this.budgets.committed(posting.charges);
    return settlement;
  }

  /** The same within a transaction of the caller's, who then calls `committed` of the budgets. */
  async postWithin(
    tx: EntityManager,
    rows: readonly UsageRow[],
    opens: readonly OpenAttempt[],
  ): Promise<{ settlement: Settlement; posting: Posting }> {
    const best = bestOfEach(rows);
    const settlement = await this.settleWithin(tx, best);
    const posting = ledgerPosting(settlement);
    await writeSettlement(tx, settlement);
    if (posting.entries.length > 0) await tx.query(sql.insertLedger, sql.ledgerArrays(posting.entries));
    await writeSums(tx, settlement);
    await this.budgets.postToScopes(tx, posting.charges);
    await followOpenAttempts(tx, best, opens);
    return { settlement, posting };
  }

  private async settleWithin(tx: EntityManager, rows: readonly UsageRow[]): Promise<Settlement> {
    if (rows.length === 0) return { charges: [], corrections: [], duplicates: 0 };
    const inserted = await tx.query<{ id: string }[]>(sql.insertAttempts, [
      arrayLiteral(rows.map((row) => row.attemptId)),
      arrayLiteral(rows.map((row) => row.startedAt)),
      arrayLiteral(rows.map((row) => row.source)),
    ]);
    const first = new Set(inserted.map((row) => row.id));
    const others = rows.filter((row) => !first.has(row.attemptId)).map((row) => row.attemptId);
    const known = others.length === 0 ? [] : await tx.query<UsageRow[]>(sql.lockKnown, [others]);
    return settle(rows, first, new Map(known.map((row) => [row.attemptId, row])));
  }
}

async function writeSettlement(tx: EntityManager, { charges, corrections }: Settlement): Promise<void> {
  if (charges.length > 0) await tx.query(sql.insertUsage, sql.usageArrays(charges));
  if (corrections.length === 0) return;
  const rows = corrections.map(({ after }) => after);
  await tx.query(sql.correctUsage, [JSON.stringify(rows)]);
  await tx.query(sql.correctAttempts, [rows.map((row) => row.attemptId), rows.map((row) => row.source)]);
}

async function writeSums(tx: EntityManager, settlement: Settlement): Promise<void> {
  const sums = sumsOf(settlement);
  const tables: [string, readonly SumsOf[]][] = [
    [sql.addDaily, sums.daily],
    [sql.addByTag, sums.byTag],
    [sql.addByCustomer, sums.byCustomer],
    [sql.addTotals, sums.totals],
  ];
  for (const [statement, rows] of tables) if (rows.length > 0) await tx.query(statement, sql.sumArrays(rows));
}

async function followOpenAttempts(
  tx: EntityManager,
  closed: readonly UsageRow[],
  opens: readonly OpenAttempt[],
): Promise<void> {
  const ids = new Set(closed.map((row) => row.attemptId));
  if (ids.size > 0) await tx.query(sql.deleteOpen, [[...ids]]);
  const open = opens.filter(({ attemptId }) => !ids.has(attemptId));
  if (open.length > 0) await tx.query(sql.insertOpen, sql.openArrays(open));
}
