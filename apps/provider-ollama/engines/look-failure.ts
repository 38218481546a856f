/** Why a look at an engine found nothing, in words for admins. Pure. */
import { UpstreamProblem } from '#upstream';
import type { EngineView } from './engine.js';

/** A silent engine is told from one that is away: it may only be busy. `engine`: what it should answer as. */
export function lookFailure(error: unknown, engine: string): Pick<EngineView, 'reason' | 'timedOut'> {
  if (error instanceof Error && error.name === 'TimeoutError') return silent;
  if (!(error instanceof UpstreamProblem)) {
    return { reason: `The backend does not answer as ${engine} does.`, timedOut: false };
  }
  if (error.failure.code === 'upstream_timeout') return silent;
  return { reason: error.failure.message, timedOut: false };
}

const silent = { reason: 'The backend did not answer in time.', timedOut: true };
