/** An upstream's failure as the frame that ends a token stream. Pure. */
import type { StreamFailure } from '#contracts';
import type { UpstreamFailure } from '#wire';
import { errorDetailsOf } from './answer-writer.js';

/** `inBand`: the client has been told already, inside its stream. */
export function streamFailureOf(failure: UpstreamFailure, inBand: boolean): StreamFailure {
  const scope = scopeOf(failure);
  return {
    code: failure.code,
    details: {
      ...errorDetailsOf(failure),
      ...(failure.account === undefined ? {} : { account: failure.account }),
      ...(inBand ? { inBand: true } : {}),
    },
    blame: failure.blame,
    retryAfterMs: failure.retryAfterMs,
    ...(scope === undefined ? {} : { scope }),
  };
}

function scopeOf(failure: UpstreamFailure): StreamFailure['scope'] {
  if (failure.account === 'daily-quota') return 'free-models';
  if (failure.account !== undefined || failure.code === 'upstream_unreachable') return 'backend';
  if (failure.code === 'model_not_found') return 'deployment';
  return undefined;
}
