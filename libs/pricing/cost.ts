/** What an answer costs: tokens times price, line by line, each line rounded up to a whole nano-dollar. */
import { nanoOfTokens, nanoOfUnits, nanoOfUsd } from './money.js';

/** Prices in USD per million tokens, as decimal text; the shape of `Price` in the contracts. */
export interface PriceTerms {
  readonly inputPerMillion: string;
  readonly outputPerMillion: string;
  /** null: cached input costs what other input costs. */
  readonly cacheReadPerMillion: string | null;
  /** null: writing to the cache costs what other input costs. */
  readonly cacheWritePerMillion: string | null;
  /** For what the cache keeps for an hour (Anthropic); absent: as other writes. */
  readonly cacheWriteHourPerMillion?: string | null | undefined;
  /** USD for each request, beside its tokens. */
  readonly perRequest: string | null;
  /** Prices of the whole request once its input is longer than `aboveInputTokens` (Gemini, OpenAI, xAI). */
  readonly longContext?: LongContextTerms | null | undefined;
  readonly units?: UnitPrices | undefined;
}

/** Prices in USD of what is billed beside text tokens; null where it costs nothing of its own. */
export interface UnitPrices {
  readonly perImage: string | null;
  /** Of audio, heard or spoken. */
  readonly perSecond: string | null;
  readonly perCharacter: string | null;
  /** Of a rerank. */
  readonly perSearch: string | null;
  /** For tokens of images in the input; null: as other input. */
  readonly imageInputPerMillion: string | null;
  /** Of a search that the provider's own tool made. */
  readonly perWebSearch?: string | null | undefined;
}

/** What of an answer is billed beside its text tokens. Absent = none, or not known. */
export interface BilledUnits {
  readonly images?: number | undefined;
  readonly seconds?: number | undefined;
  readonly characters?: number | undefined;
  readonly searches?: number | undefined;
  /** Part of the input tokens. */
  readonly imageInputTokens?: number | undefined;
  /** Part of the tokens written to the cache: kept for an hour. */
  readonly cacheWriteHourTokens?: number | undefined;
  readonly webSearches?: number | undefined;
}

export interface LongContextTerms {
  readonly aboveInputTokens: number;
  readonly inputPerMillion: string;
  readonly outputPerMillion: string;
  readonly cacheReadPerMillion: string | null;
  readonly cacheWritePerMillion: string | null;
  readonly cacheWriteHourPerMillion?: string | null | undefined;
}

/** Tokens of an answer. `inputTokens` includes the cached and the cache-writing ones, `outputTokens` includes reasoning. */
export interface BilledTokens {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cachedInputTokens: number;
  readonly cacheWriteTokens: number;
}

/** The cost of an answer in nano-dollars. Throws RangeError for a price that is no decimal number. */
export function costOf(tokens: BilledTokens, price: PriceTerms, units: BilledUnits = {}): number {
  const long = price.longContext;
  const terms = long !== null && long !== undefined && tokens.inputTokens > long.aboveInputTokens ? long : price;
  const cached = Math.min(tokens.cachedInputTokens, tokens.inputTokens);
  const written = Math.min(tokens.cacheWriteTokens, tokens.inputTokens - cached);
  const fresh = tokens.inputTokens - cached - written;
  const forAnHour = Math.min(units.cacheWriteHourTokens ?? 0, written);
  const writePrice = terms.cacheWritePerMillion ?? terms.inputPerMillion;
  const ofImages = Math.min(units.imageInputTokens ?? 0, fresh);
  return (
    nanoOfTokens(fresh - ofImages, terms.inputPerMillion) +
    nanoOfTokens(ofImages, price.units?.imageInputPerMillion ?? terms.inputPerMillion) +
    nanoOfTokens(cached, terms.cacheReadPerMillion ?? terms.inputPerMillion) +
    nanoOfTokens(written - forAnHour, writePrice) +
    nanoOfTokens(forAnHour, terms.cacheWriteHourPerMillion ?? writePrice) +
    nanoOfTokens(tokens.outputTokens, terms.outputPerMillion) +
    (price.perRequest === null ? 0 : nanoOfUsd(price.perRequest)) +
    costOfUnits(units, price.units)
  );
}

function costOfUnits(units: BilledUnits, prices: UnitPrices | undefined): number {
  if (prices === undefined) return 0;
  const line = (count: number | undefined, price: string | null) =>
    price === null ? 0 : nanoOfUnits(count ?? 0, price);
  return (
    line(units.images, prices.perImage) +
    line(units.seconds, prices.perSecond) +
    line(units.characters, prices.perCharacter) +
    line(units.searches, prices.perSearch) +
    line(units.webSearches, prices.perWebSearch ?? null)
  );
}

/**
 * The most that a request can cost, in nano-dollars, before it has run: nothing of its input is cached, and writing it to
 * a cache may cost more than reading it.
 */
export function estimateCost(
  tokens: { inputTokens: number; maxOutputTokens: number },
  price: PriceTerms,
  units: BilledUnits = {},
): number {
  const { inputTokens, maxOutputTokens: outputTokens } = tokens;
  const plain = costOf({ inputTokens, outputTokens, cachedInputTokens: 0, cacheWriteTokens: 0 }, price, units);
  const writing = costOf(
    { inputTokens, outputTokens, cachedInputTokens: 0, cacheWriteTokens: inputTokens },
    price,
    units,
  );
  return Math.max(plain, writing);
}
