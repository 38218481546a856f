/** What a settlement adds to the counters of tokens and cost. */
import type { Settlement } from './settle.js';
import type { UsageRow } from './usage-row.js';

export interface UsageCount {
  readonly model: string;
  readonly provider: string;
  /** null: cost in USD. */
  readonly type: 'input' | 'cached' | 'output' | 'reasoning' | null;
  readonly amount: number;
}

/** Counters never fall: of a correction only what it adds is counted. The model is the config's name for it, so that labels stay few. */
export function usageCounts({ charges, corrections }: Settlement): UsageCount[] {
  const changes = [
    ...charges.map((after) => ({ before: null, after })),
    ...corrections.map(({ before, after }) => ({ before, after })),
  ];
  return changes.flatMap(({ before, after }) => {
    const { modelGroup: model, provider } = after;
    const added = (of: (row: UsageRow) => number) => Math.max(0, of(after) - (before === null ? 0 : of(before)));
    const counts: UsageCount[] = [
      { model, provider, type: 'input', amount: added((row) => row.inputTokens) },
      { model, provider, type: 'cached', amount: added((row) => row.cachedInputTokens) },
      { model, provider, type: 'output', amount: added((row) => row.outputTokens) },
      { model, provider, type: 'reasoning', amount: added((row) => row.reasoningTokens) },
      { model, provider, type: null, amount: added((row) => row.costNanoUsd ?? 0) / 1_000_000_000 },
    ];
    return counts.filter((count) => count.amount > 0);
  });
}
