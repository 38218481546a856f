/** What a request is told that never got to the engine. Pure. */
import type { InferOpen, StreamFailure } from '#contracts';
import type { Ticket } from './admission.controller.js';

const words: Readonly<Record<Exclude<Ticket['kind'], 'start' | 'cancelled'>, string>> = {
  full: 'The queue of the backend is full.',
  expired: 'The backend had too much to do to answer in time.',
  drained: 'The backend is being drained and takes nothing new.',
};

/**
 * The failure of a request that may go to another backend at once; the backend is busy, not broken. `impatient`: the request
 * may wait no longer, so it is not to come again after a while.
 */
export function overloaded(reason: keyof typeof words, retryAfterMs: number): StreamFailure {
  const details = {
    message: words[reason],
    retryAfterMs,
    ...(reason === 'expired' ? { impatient: true } : {}),
  };
  return { code: 'backend_overloaded', details, blame: 'gateway', retryAfterMs };
}

/** The host takes nothing new; where there is no other, it is asked again after a while. */
export const drainedFailure = overloaded('drained', 5_000);

/** Nobody wants the answer any more. */
export const cancelledFailure: StreamFailure = {
  code: 'client_closed_request',
  details: {},
  blame: 'request',
  retryAfterMs: null,
};

/** The message was delivered twice: the first one is being served. */
export const repeatedFailure: StreamFailure = {
  code: 'service_unavailable',
  details: { adminText: 'this attempt was taken before' },
  blame: 'gateway',
  retryAfterMs: null,
};

/** The host does not have the model. Only this deployment is to blame, not the host. `why`: it could not be fetched. */
export function modelMissing(open: InferOpen, why: string | null): StreamFailure {
  const { upstreamModel, backend } = open.attempt;
  const advice = why === null ? `there: ollama pull ${upstreamModel}` : `pulling ${upstreamModel} failed: ${why}`;
  return {
    code: 'model_not_found',
    details: { model: open.model, adminText: `${backend.id} does not have it; ${advice}` },
    blame: 'backend',
    retryAfterMs: null,
    scope: 'deployment',
  };
}

/** The host is fetching the model, and the request may wait no longer. */
export function modelOnItsWay(progress: string): StreamFailure {
  const retryAfterMs = 30_000;
  const message = `The backend is downloading the model (${progress}).`;
  const details = { message, retryAfterMs, impatient: true };
  return { code: 'backend_overloaded', details, blame: 'gateway', retryAfterMs };
}
