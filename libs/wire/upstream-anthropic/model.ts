/** What the name of an Anthropic model tells about the fields that it takes. */

export interface AnthropicModel {
  /** 406 of `claude-opus-4-6`, 305 of `claude-3-5-sonnet-20241022`; null where the name does not say. */
  readonly version: number | null;
  /** Refuses temperature, top_p and top_k: everything after Opus 4.6. */
  readonly fixedSampling: boolean;
  /** Takes `thinking: {type: "adaptive"}` and `output_config.effort`; older ones take a budget, the oldest nothing. */
  readonly thinking: 'adaptive' | 'budget' | 'none';
  /** Cannot be told not to think. */
  readonly alwaysThinks: boolean;
  /** Takes both temperature and top_p in one request. */
  readonly mixesSampling: boolean;
  /** Takes `output_config.format`. */
  readonly structured: boolean;
}

/** Newer names of Anthropic's own that hold no version are taken for the newest; names that are not Claude's for compatible servers. */
export function anthropicModel(name: string): AnthropicModel {
  const id = name.slice(name.lastIndexOf('/') + 1).toLowerCase();
  const isClaude = id.includes('claude');
  const version = versionOf(id);
  const known = version ?? (isClaude ? Number.POSITIVE_INFINITY : 405);
  return {
    version,
    fixedSampling: known > 406,
    thinking: known >= 406 ? 'adaptive' : known >= 307 ? 'budget' : 'none',
    alwaysThinks: /mythos|fable/u.test(id),
    mixesSampling: known < 401,
    structured: !isClaude || known >= 401,
  };
}

/** Family before or after the version; eight digits are a date and no minor version. */
function versionOf(id: string): number | null {
  const match = /claude-(?:[a-z]+-)?(\d{1,2})(?:[-.](\d{1,2})(?!\d))?(?!\d)/u.exec(id);
  return match === null ? null : Number(match[1]) * 100 + Number(match[2] ?? 0);
}
