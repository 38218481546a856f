/** Who may call from a browser. Pure. */

import { isLoopbackHost } from './host-rule.js';

export interface CorsRule {
  /** null: any origin where a master key is configured, else loopback origins only. */
  readonly origins: readonly string[] | null;
  readonly hasMasterKey: boolean;
}

const allowedMethods = 'GET, POST, DELETE, OPTIONS';
export const exposedHeaders = [
  'x-request-id',
  'request-id',
  'x-trace-id',
  'traceresponse',
  'x-litellm-call-id',
  'x-litellm-model-id',
  'x-litellm-model-group',
  'x-litellm-model-name',
  'x-litellm-response-cost',
  'x-litellm-attempted-fallbacks',
  'x-litellm-attempted-retries',
  'x-litellm-overhead-duration-ms',
  'x-signalbox-truncated',
  'x-ratelimit-limit-requests',
  'x-ratelimit-remaining-requests',
  'x-ratelimit-reset-requests',
  'x-ratelimit-limit-tokens',
  'x-ratelimit-remaining-tokens',
  'x-ratelimit-reset-tokens',
  'retry-after',
  'retry-after-ms',
].join(', ');

/** The headers to add; null where the origin is not let in. No credentials: keys travel in headers, the console's cookie never. */
export function corsHeaders(origin: string | undefined, rule: CorsRule): Record<string, string> | null {
  if (origin === undefined || !isLetIn(origin, rule)) return null;
  return { 'access-control-allow-origin': origin, 'access-control-expose-headers': exposedHeaders, vary: 'Origin' };
}

/** What a preflight gets on top. */
export function preflightHeaders(requestedHeaders: string | undefined): Record<string, string> {
  const asked = (requestedHeaders ?? '').toLowerCase();
  return {
    'access-control-allow-methods': allowedMethods,
    'access-control-allow-headers': /^[a-z0-9_, -]+$/.test(asked) ? asked : 'authorization, content-type, x-api-key',
    'access-control-max-age': '600',
  };
}

function isLetIn(origin: string, rule: CorsRule): boolean {
  if (rule.origins !== null) return rule.origins.includes('*') || rule.origins.includes(origin);
  return rule.hasMasterKey || isLoopbackOrigin(origin);
}

function isLoopbackOrigin(origin: string): boolean {
  try {
    return isLoopbackHost(new URL(origin).hostname);
  } catch {
    return false;
  }
}
