/** Attempts for tests. */
import type { Attempt, StreamFailure } from '#contracts';
import { sampleAttempt, sampleBackend } from '#testing';

/** An attempt against `host`; fields of `more` win. */
export function attemptOf(deployment: string, host: string, more: Partial<Attempt> = {}): Attempt {
  return sampleAttempt({ deploymentId: deployment, backend: sampleBackend({ id: host }), ...more });
}

/** A failure of the backend with a code. */
export function failureOf(code: string, more: Partial<StreamFailure> = {}): StreamFailure {
  return { code, details: {}, blame: 'backend', retryAfterMs: null, ...more };
}
