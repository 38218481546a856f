/**
 * `think` from the neutral wish. A truthy value on a model without the capability is a 400, and an absent one on a model
 * with it means true, so a wish is written only where it is known to be understood.
 */
import type { Reasoning } from '../neutral/chat-request.js';
import { entryOf } from '../upstream/loose-json.js';
import type { WriteNotes } from '../upstream/written-request.js';

export type Think = boolean | 'low' | 'medium' | 'high' | 'max';

const levels: Readonly<Record<string, Think>> = {
  none: false,
  off: false,
  disable: false,
  disabled: false,
  minimal: 'low',
  low: 'low',
  medium: 'medium',
  high: 'high',
  xhigh: 'max',
  ultra: 'max',
  max: 'max',
};

/** gpt-oss takes only levels and cannot be switched off. */
export function isGptOss(model: string): boolean {
  return /(?:^|\/)gpt-?oss/iu.test(model);
}

/** The value of `think`, or undefined to leave it out. `capabilities` is what /api/show says of the model; null where nobody asked. */
export function writeThink(
  wish: Reasoning | undefined,
  model: string,
  capabilities: readonly string[] | null,
  notes: WriteNotes,
): Think | undefined {
  const wanted = wantedThink(wish);
  if (wanted === undefined) return undefined;
  if (isGptOss(model)) {
    if (wanted === false) notes.drop('reasoning_effort');
    if (wanted === true) return 'medium';
    return wanted === false ? 'low' : wanted;
  }
  if (capabilities !== null && !capabilities.includes('thinking')) {
    if (wanted !== false) notes.drop('reasoning_effort');
    return undefined;
  }
  if (capabilities !== null || wanted === false) return wanted;
  // Nobody knows: a model that can think does so unasked, one that cannot would refuse the request.
  if (wanted !== true) notes.drop('reasoning_effort');
  return undefined;
}

function wantedThink(wish: Reasoning | undefined): Think | undefined {
  if (wish === undefined) return undefined;
  if (wish.enabled === false) return false;
  if (wish.effort !== undefined) return entryOf(levels, wish.effort.toLowerCase()) ?? true;
  if (wish.budgetTokens !== undefined) return wish.budgetTokens > 0;
  return wish.enabled;
}
