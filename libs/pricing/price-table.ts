/**
 * The table of list prices and model facts (prices.json). It has an entry only where a price was read from a list; a
 * model that is not in it has no known price, and nobody guesses one.
 */
import { z } from 'zod';
import type { PriceTerms, UnitPrices } from './cost.js';
import { isUsdAmount } from './money.js';
import rawTable from './prices.json' with { type: 'json' };

const amount = z.string().refine(isUsdAmount, 'must be decimal text');
const terms = {
  input: amount,
  output: amount,
  cacheRead: amount.optional(),
  cacheWrite: amount.optional(),
  cacheWriteHour: amount.optional(),
};

const modes = ['chat', 'completion', 'embedding', 'image', 'speech', 'transcription', 'moderation'] as const;

const PriceEntry = z.strictObject({
  provider: z.string(),
  names: z.array(z.string()).min(1),
  ...terms,
  /** What the whole request costs once its input is longer than `above` tokens. */
  long: z.strictObject({ above: z.number().int().positive(), ...terms }).optional(),
  /** Billed beside tokens, USD each; `imageInput` is per million tokens, as `input` is. */
  image: amount.optional(),
  second: amount.optional(),
  character: amount.optional(),
  imageInput: amount.optional(),
  webSearch: amount.optional(),
  mode: z.enum(modes).default('chat'),
  maxInput: z.number().int().positive().optional(),
  maxOutput: z.number().int().positive().optional(),
  supports: z.array(z.enum(['tools', 'vision', 'json', 'reasoning'])).default([]),
  retired: z.boolean().default(false),
  source: z.string(),
});
type PriceEntry = z.infer<typeof PriceEntry>;

const PriceTable = z.strictObject({
  asOf: z.iso.date(),
  currency: z.string(),
  sources: z.record(z.string(), z.string()),
  pages: z.record(z.string(), z.string()),
  models: z.array(PriceEntry),
});

/** A list price, in the shape of the contracts' `Price`. */
export interface ListPrice extends PriceTerms {
  readonly source: 'table' | 'free';
}

/** What is known of a model beside its price; null = not known. */
export interface ModelFacts {
  readonly mode: (typeof modes)[number];
  readonly maxInputTokens: number | null;
  readonly maxOutputTokens: number | null;
  readonly capabilities: {
    readonly tools: true | null;
    readonly vision: true | null;
    readonly jsonSchema: true | null;
    readonly reasoning: true | null;
  };
  /** True where the provider no longer serves it. */
  readonly retired: boolean;
}

const table = PriceTable.parse(rawTable);
const entries: ReadonlyMap<string, PriceEntry> = new Map(
  table.models.flatMap((entry) => entry.names.map((name) => [`${entry.provider}/${name}`, entry])),
);
const providersOfNames: ReadonlyMap<string, string> = new Map(
  table.models.toReversed().flatMap((entry) => entry.names.map((name) => [name, entry.provider])),
);

/** The day on which the table was last compared with its sources, ISO date. */
export const pricesAsOf: string = table.asOf;

/** OpenRouter charges the list price of these makers, under its own spelling of their names. */
const openrouterMakers: Readonly<Record<string, string>> = {
  openai: 'openai',
  anthropic: 'anthropic',
  google: 'gemini',
  'x-ai': 'xai',
};

/**
 * The list price of `model` at `provider` (the prefix of the config, and the name behind it); null where it is not
 * known. OpenRouter's `:free` models cost nothing.
 */
export function findPrice(provider: string, model: string): ListPrice | null {
  if (provider === 'openrouter' && model.endsWith(':free')) return freePrice;
  const entry = findEntry(provider, model);
  if (entry === undefined) return null;
  const { long } = entry;
  return {
    ...pricesOf(entry),
    perRequest: null,
    ...(long === undefined ? {} : { longContext: { aboveInputTokens: long.above, ...pricesOf(long) } }),
    ...unitsOf(entry),
    source: 'table',
  };
}

/** Context size, mode and capabilities of `model` at `provider`; null where it is not in the table. */
export function findModelFacts(provider: string, model: string): ModelFacts | null {
  const entry = findEntry(provider, model.replace(/:free$/, ''));
  if (entry === undefined) return null;
  const has = (capability: PriceEntry['supports'][number]) => (entry.supports.includes(capability) ? true : null);
  return {
    mode: entry.mode,
    maxInputTokens: entry.maxInput ?? null,
    maxOutputTokens: entry.maxOutput ?? null,
    capabilities: { tools: has('tools'), vision: has('vision'), jsonSchema: has('json'), reasoning: has('reasoning') },
    retired: entry.retired,
  };
}

/** The provider that a bare model name such as `gpt-4o` belongs to; null where the table does not know the name. */
export function providerOfModel(model: string): string | null {
  return providersOfNames.get(model) ?? null;
}

/** Every priced model as `provider/name`, for tests and the documentation. */
export function pricedModels(): readonly string[] {
  return [...entries.keys()];
}

const freePrice: ListPrice = {
  inputPerMillion: '0',
  outputPerMillion: '0',
  cacheReadPerMillion: null,
  cacheWritePerMillion: null,
  perRequest: null,
  source: 'free',
};

function pricesOf(prices: {
  input: string;
  output: string;
  cacheRead?: string | undefined;
  cacheWrite?: string | undefined;
  cacheWriteHour?: string | undefined;
}) {
  return {
    inputPerMillion: prices.input,
    outputPerMillion: prices.output,
    cacheReadPerMillion: prices.cacheRead ?? null,
    cacheWritePerMillion: prices.cacheWrite ?? null,
    ...(prices.cacheWriteHour === undefined ? {} : { cacheWriteHourPerMillion: prices.cacheWriteHour }),
  };
}

function unitsOf({ image, second, character, imageInput, webSearch }: PriceEntry): { units?: UnitPrices } {
  if ([image, second, character, imageInput, webSearch].every((price) => price === undefined)) return {};
  return {
    units: {
      perImage: image ?? null,
      perSecond: second ?? null,
      perCharacter: character ?? null,
      perSearch: null,
      imageInputPerMillion: imageInput ?? null,
      ...(webSearch === undefined ? {} : { perWebSearch: webSearch }),
    },
  };
}

function findEntry(provider: string, model: string): PriceEntry | undefined {
  if (provider === 'azure') return entries.get(`openai/${model}`);
  if (provider === 'gemini') return entries.get(`gemini/${model.replace(/^models\//, '')}`);
  if (provider !== 'openrouter') return entries.get(`${provider}/${model}`);
  const slash = model.indexOf('/');
  const maker = openrouterMakers[model.slice(0, Math.max(slash, 0))];
  if (maker === undefined) return undefined;
  const name = model.slice(slash + 1);
  // `anthropic/claude-sonnet-4.5` there is `claude-sonnet-4-5` at Anthropic.
  return entries.get(`${maker}/${maker === 'anthropic' ? name.replaceAll('.', '-') : name}`);
}
