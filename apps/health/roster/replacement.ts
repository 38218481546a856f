/** Which free model could stand in for one that is gone. Pure. */

/** A free model that the provider offers. */
export interface FreeModel {
  readonly id: string;
  /** Tokens; null where nobody knows. */
  readonly contextLength: number | null;
  /** tools, vision, thinking. */
  readonly strengths: readonly string[];
  /** Seconds of the epoch; 0 where nobody knows. */
  readonly created: number;
  /** Its last day, `2026-12-31`; null where none is set. */
  readonly expires: string | null;
}

/** What is known of the model that is gone. */
export interface Wanted {
  readonly id: string;
  readonly strengths: readonly string[];
  /** What its users count on, tokens; null where nobody knows. */
  readonly contextLength: number | null;
}

/** A model that goes within this time would only be the next to replace. */
const leastStayDays = 14;
const dayMs = 86_400_000;
const proposed = 3;

/** Judges and measures of text answer no question. */
const noChat = /(^|[-/])(guard|safeguard|shield|moderation|embed|embedding|rerank|reranker)([-:]|$)|guard-|-guard/;

/** OpenRouter's mark of a model that costs nothing. */
export function isFreeName(id: string): boolean {
  return id.endsWith(':free');
}

/**
 * The best stand-ins, the best first, three at most. What the old one could do counts most, then whether it is of the
 * same family, then what else it can do, its context, and how new it is. `taken`: models that the config has already.
 */
export function replacementsFor(
  wanted: Wanted,
  offered: readonly FreeModel[],
  taken: ReadonlySet<string>,
  now: Date,
): FreeModel[] {
  const needs = new Set([...wanted.strengths, ...strengthsInName(wanted.id)]);
  const family = wordsOf(wanted.id);
  const rank = (model: FreeModel): readonly number[] => [
    [...needs].filter((need) => model.strengths.includes(need)).length,
    Number(holds(model, wanted.contextLength)),
    [...wordsOf(model.id)].filter((word) => family.has(word)).length,
    model.strengths.length,
    model.contextLength ?? 0,
    model.created,
  ];
  return offered
    .filter((model) => isFreeName(model.id) && model.id !== wanted.id && !taken.has(model.id))
    .filter((model) => !noChat.test(model.id) && !leavesSoon(model, now))
    .map((model) => ({ model, rank: rank(model) }))
    .toSorted((a, b) => compareRanks(b.rank, a.rank) || (a.model.id < b.model.id ? -1 : 1))
    .slice(0, proposed)
    .map(({ model }) => model);
}

/** `262k context, tools, vision`: a model in words. */
export function describeModel(model: Pick<FreeModel, 'contextLength' | 'strengths'>): string {
  const { contextLength, strengths } = model;
  const context = contextLength === null ? 'context unknown' : `${inThousands(contextLength)} context`;
  return [context, ...strengths].join(', ');
}

function inThousands(tokens: number): string {
  return tokens < 1_000 ? String(tokens) : `${Math.floor(tokens / 1_000)}k`;
}

function holds(model: FreeModel, contextLength: number | null): boolean {
  return contextLength === null || (model.contextLength ?? 0) >= contextLength;
}

function leavesSoon(model: FreeModel, now: Date): boolean {
  return model.expires !== null && Date.parse(model.expires) - now.getTime() < leastStayDays * dayMs;
}

function strengthsInName(id: string): string[] {
  const words = wordsOf(id);
  const has = (...names: string[]) => names.some((name) => words.has(name));
  return [
    ...(has('vl', 'vision', 'omni') ? ['vision'] : []),
    ...(has('r1', 'thinking', 'reasoning', 'think') ? ['thinking'] : []),
    ...(has('coder', 'code', 'devstral', 'agent') ? ['tools'] : []),
  ];
}

/** `qwen/qwen3-coder-480b:free` -> qwen, qwen3, coder, 480b, and the family without its number. */
function wordsOf(id: string): Set<string> {
  const words = id
    .toLowerCase()
    .replace(/:free$/, '')
    .split(/[^a-z0-9.]+/)
    .filter((word) => word.length > 1);
  return new Set([...words, ...words.flatMap((word) => /^([a-z]{3,})[\d.]+$/.exec(word)?.[1] ?? [])]);
}

function compareRanks(a: readonly number[], b: readonly number[]): number {
  for (const [index, value] of a.entries()) {
    const difference = value - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
