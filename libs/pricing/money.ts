/**
 * Money as integers: nano-dollars (1 USD = 1,000,000,000). Amounts come in as decimal text and never pass through
 * floating point arithmetic, so 0.1 + 0.2 is 0.3 and a million small lines add up to the invoice.
 */

/** A non-negative decimal number: `digits / 10 ** scale`. */
interface Decimal {
  readonly digits: bigint;
  readonly scale: number;
}

const decimalForm = /^\+?(?<whole>\d*)(?:\.(?<fraction>\d*))?(?:[eE](?<exponent>[+-]?\d{1,3}))?$/;
const nanoDigits = 9;

/**
 * Parses decimal text such as `2.50`, `.5` or `1.5e-7` exactly. Throws RangeError for anything else, also for negative
 * numbers: no price and no budget is below zero.
 */
function parseDecimal(text: string): Decimal {
  const groups = decimalForm.exec(text.trim())?.groups;
  const whole = groups?.['whole'] ?? '';
  const fraction = groups?.['fraction'] ?? '';
  if (whole + fraction === '') throw new RangeError(`not a non-negative decimal number: ${JSON.stringify(text)}`);
  const scale = fraction.length - Number(groups?.['exponent'] ?? '0');
  const digits = BigInt(whole + fraction);
  return scale >= 0 ? { digits, scale } : { digits: digits * 10n ** BigInt(-scale), scale: 0 };
}

const ceilDivide = (numerator: bigint, denominator: bigint): bigint => (numerator + denominator - 1n) / denominator;

function toSafeInteger(nano: bigint): number {
  if (nano > BigInt(Number.MAX_SAFE_INTEGER)) throw new RangeError('an amount above 9 million USD does not fit');
  return Number(nano);
}

/** True for text or numbers that `nanoOfUsd` takes. */
export function isUsdAmount(amount: string | number): boolean {
  try {
    parseDecimal(String(amount));
    return true;
  } catch {
    return false;
  }
}

/**
 * Nano-dollars of an amount in USD, rounded up. A number is read by its shortest decimal form, which is what its author
 * typed. Throws RangeError for negative amounts, for what is no number, and above 9 million USD.
 */
export function nanoOfUsd(amount: string | number): number {
  const { digits, scale } = parseDecimal(String(amount));
  return toSafeInteger(ceilDivide(digits * 10n ** BigInt(nanoDigits), 10n ** BigInt(scale)));
}

/** USD as exact decimal text without trailing zeros: 1_500_000_000 -> `1.5`. Takes negative corrections too. */
export function usdOfNano(nano: number): string {
  const sign = nano < 0 ? '-' : '';
  const digits = String(Math.abs(nano)).padStart(nanoDigits + 1, '0');
  return sign + trimZeros(digits.slice(0, -nanoDigits), digits.slice(-nanoDigits));
}

/** The price of a million tokens as decimal text, from the price of one in USD (the form of LiteLLM's files). */
export function perMillionOfPerToken(perToken: string | number): string {
  const { digits, scale } = parseDecimal(String(perToken));
  const shifted = (digits * 1_000_000n).toString().padStart(scale + 1, '0');
  const cut = shifted.length - scale;
  return trimZeros(shifted.slice(0, cut), shifted.slice(cut));
}

/** What `tokens` cost at a price in USD per million tokens, in nano-dollars, rounded up. */
export function nanoOfTokens(tokens: number, perMillion: string): number {
  if (tokens <= 0) return 0;
  const { digits, scale } = parseDecimal(perMillion);
  // One USD per million tokens is 1,000 nano-dollars per token.
  return toSafeInteger(ceilDivide(BigInt(Math.ceil(tokens)) * digits * 1_000n, 10n ** BigInt(scale)));
}

/** What `count` units (images, seconds ...) cost at a price in USD each, in nano-dollars, rounded up. Counts go to the thousandth. */
export function nanoOfUnits(count: number, each: string): number {
  if (count <= 0) return 0;
  const { digits, scale } = parseDecimal(each);
  const thousandths = BigInt(Math.ceil(count * 1_000));
  return toSafeInteger(ceilDivide(thousandths * digits * 10n ** BigInt(nanoDigits), 10n ** BigInt(scale + 3)));
}

function trimZeros(whole: string, fraction: string): string {
  const kept = fraction.replace(/0+$/, '');
  return kept === '' ? whole : `${whole}.${kept}`;
}
