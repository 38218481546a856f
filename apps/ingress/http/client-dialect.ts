/** Which error shape a path speaks. Pure. */

export type ErrorDialect = 'openai' | 'anthropic';

/** `/v1/messages` and what lies below it speak Anthropic, everything else OpenAI. */
export function errorDialectOf(path: string): ErrorDialect {
  return /^(?:\/v1)?\/messages(?:\/|$|\?)/.test(path) ? 'anthropic' : 'openai';
}
