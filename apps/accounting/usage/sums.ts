/** The sums that reports read: what a batch adds to each day, tag, customer, key, team and user. */
import type { Settlement } from './settle.js';
import type { UsageRow } from './usage-row.js';

/** What every aggregate counts. */
export interface Sums {
  /** Attempts that were answered, also where the client left; a retry is no second request. */
  requests: number;
  failures: number;
  cacheHits: number;
  inputTokens: number;
  cachedInputTokens: number;
  outputTokens: number;
  reasoningTokens: number;
  spendNanoUsd: number;
  cloudEquivalentNanoUsd: number;
  /** Attempts without a known price: their spend counts as 0 here, and that has to be seen. */
  unpriced: number;
  durationMs: number;
}

export const sumColumns: Readonly<Record<keyof Sums, string>> = {
  requests: 'requests',
  failures: 'failures',
  cacheHits: 'cache_hits',
  inputTokens: 'input_tokens',
  cachedInputTokens: 'cached_input_tokens',
  outputTokens: 'output_tokens',
  reasoningTokens: 'reasoning_tokens',
  spendNanoUsd: 'spend_nano_usd',
  cloudEquivalentNanoUsd: 'cloud_equivalent_nano_usd',
  unpriced: 'unpriced',
  durationMs: 'duration_ms',
};

/** A row of an aggregate: its key, and what is added to it. */
export interface SumsOf {
  readonly key: readonly string[];
  readonly sums: Sums;
}

export interface BatchSums {
  /** day, key, team, user, model, upstream model, backend, provider. */
  readonly daily: readonly SumsOf[];
  /** day, tag, model. */
  readonly byTag: readonly SumsOf[];
  /** day, end user, model. */
  readonly byCustomer: readonly SumsOf[];
  /** kind, id. */
  readonly totals: readonly SumsOf[];
}

/** The sums of a settlement; a correction takes back what was counted before. */
export function sumsOf(settlement: Settlement): BatchSums {
  const signed = [
    ...settlement.charges.map((row) => ({ row, sign: 1 })),
    ...settlement.corrections.map(({ before }) => ({ row: before, sign: -1 })),
    ...settlement.corrections.map(({ after }) => ({ row: after, sign: 1 })),
  ];
  const [daily, byTag, byCustomer, totals] = [new Table(), new Table(), new Table(), new Table()];
  for (const { row, sign } of signed) {
    const sums = countsOf(row, sign);
    const day = row.startedAt.toISOString().slice(0, 10);
    const { keyId, teamId, userId, modelAsked: model, upstreamModel, backendId, provider } = row;
    daily.add([day, keyId ?? '', teamId ?? '', userId ?? '', model, upstreamModel, backendId, provider], sums);
    for (const tag of row.tags) byTag.add([day, tag, model], sums);
    if (row.endUser !== null && row.endUser !== '') byCustomer.add([day, row.endUser, model], sums);
    totals.add(['global', ''], sums);
    if (keyId !== null) totals.add(['key', keyId], sums);
    if (teamId !== null) totals.add(['team', teamId], sums);
    if (userId !== null) totals.add(['user', userId], sums);
  }
  return { daily: daily.rows(), byTag: byTag.rows(), byCustomer: byCustomer.rows(), totals: totals.rows() };
}

function countsOf(row: UsageRow, sign: number): Sums {
  const failed = row.outcome === 'failure';
  return {
    requests: failed ? 0 : sign,
    failures: failed ? sign : 0,
    cacheHits: row.cacheHit ? sign : 0,
    inputTokens: sign * row.inputTokens,
    cachedInputTokens: sign * row.cachedInputTokens,
    outputTokens: sign * row.outputTokens,
    reasoningTokens: sign * row.reasoningTokens,
    spendNanoUsd: sign * (row.costNanoUsd ?? 0),
    cloudEquivalentNanoUsd: sign * (row.cloudEquivalentNanoUsd ?? 0),
    unpriced: row.costNanoUsd === null ? sign : 0,
    durationMs: sign * Math.round(row.durationMs),
  };
}

/** Rows by key; handed out in the order of their keys, which is the order in which they are locked. */
class Table {
  private readonly found = new Map<string, { key: readonly string[]; sums: Sums }>();

  add(key: readonly string[], sums: Sums): void {
    const name = JSON.stringify(key);
    const row = this.found.get(name);
    if (row === undefined) this.found.set(name, { key, sums: { ...sums } });
    else addTo(row.sums, sums);
  }

  rows(): SumsOf[] {
    return [...this.found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
  }
}

function addTo(total: Sums, more: Sums): void {
  total.requests += more.requests;
  total.failures += more.failures;
  total.cacheHits += more.cacheHits;
  total.inputTokens += more.inputTokens;
  total.cachedInputTokens += more.cachedInputTokens;
  total.outputTokens += more.outputTokens;
  total.reasoningTokens += more.reasoningTokens;
  total.spendNanoUsd += more.spendNanoUsd;
  total.cloudEquivalentNanoUsd += more.cloudEquivalentNanoUsd;
  total.unpriced += more.unpriced;
  total.durationMs += more.durationMs;
}
