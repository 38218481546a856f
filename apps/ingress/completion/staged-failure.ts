/**
 * Failures on demand, so that people can see their fallbacks work (LiteLLM's `mock_testing_fallbacks` and its siblings): every
 * try of the asked model fails without being made. Nothing is learnt of the backends from it. Pure.
 */
import type { Attempt, Plan, StreamFailure } from '#contracts';
import type { StagedFailure } from '#wire';
import type { WorkerFrame } from './attempt-loop.js';

const codes: Readonly<Record<StagedFailure, string>> = {
  error: 'upstream_error',
  context_length: 'context_length_exceeded',
  content_policy: 'content_policy_violation',
  rate_limit: 'rate_limit_exceeded',
  timeout: 'upstream_timeout',
};

/** The frames of a try that has to fail; null for one that has to be made. */
export function stagedFrames(
  staged: StagedFailure | undefined,
  plan: Pick<Plan, 'modelGroup'>,
  attempt: Pick<Attempt, 'modelGroup'>,
): AsyncIterable<WorkerFrame> | null {
  if (staged === undefined || attempt.modelGroup !== plan.modelGroup) return null;
  const failure: StreamFailure = {
    code: codes[staged],
    details: { message: `The request itself asked for this failure of '${plan.modelGroup}'.` },
    blame: 'gateway',
    retryAfterMs: null,
  };
  return oneFrame({ type: 'error', failure });
}

async function* oneFrame(frame: WorkerFrame): AsyncGenerator<WorkerFrame> {
  yield frame;
}
