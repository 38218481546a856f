/** Which error shape a path speaks. Pure. */

export type ErrorDialect = 'openai' | 'anthropic';

/**
 * `/v1/messages` and what lies below it speak Anthropic, and so does the list of models to those who say so by the header
 * `anthropic-version`; everything else OpenAI.
 */
export function errorDialectOf(path: string, anthropicVersion: string | null = null): ErrorDialect {
  if (anthropicVersion !== null && /^(?:\/v1)?\/models(?:\/|$)/.test(path)) return 'anthropic';
  return /^(?:\/v1)?\/messages(?:\/|$|\?)/.test(path) ? 'anthropic' : 'openai';
}
