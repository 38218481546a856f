/** The cost of an attempt and where it comes from. Pure. */
import type { Price, TokenUsage, UsageNotice } from '#contracts';
import { costOf, findPrice, nanoOfUsd, type BilledUnits } from '#pricing';

export interface AttemptCost {
  /** null where no price is known. */
  readonly nanoUsd: number | null;
  readonly source: UsageNotice['costSource'];
}

/** What the provider says it charged wins over what prices say. An attempt that used nothing costs nothing, also where each request has a price. */
export function costOfUsage(
  usage: TokenUsage,
  price: Price | null,
  reportedUsd: number | null,
  units: BilledUnits = {},
): AttemptCost {
  if (reportedUsd !== null && reportedUsd >= 0 && Number.isFinite(reportedUsd))
    return { nanoUsd: nanoOfUsd(reportedUsd), source: 'provider' };
  if (price === null) return { nanoUsd: null, source: 'unknown' };
  const isNothing = usage.inputTokens + usage.outputTokens === 0 && Object.values(units).every((count) => count === 0);
  return { nanoUsd: isNothing ? 0 : costOf(usage, price, units), source: price.source };
}

/** What the same tokens would have cost on a reference cloud model (`provider/model`), nano-dollars; null where that has no price. */
export function cloudEquivalentOf(usage: TokenUsage, reference: string): number | null {
  const slash = reference.indexOf('/');
  const price =
    slash < 0 ? findPrice('openai', reference) : findPrice(reference.slice(0, slash), reference.slice(slash + 1));
  return price === null || price === undefined ? null : costOf(usage, price);
}
