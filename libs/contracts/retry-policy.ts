/**
 * How often a failed try may be repeated on the same deployment. The router puts the numbers into the plan, the ingress
 * asks `retriesAllowed` when a try has failed. What the failure does to other deployments is not decided here.
 */
import { z } from 'zod';
import { ByErrorClass, type ErrorClass } from './config-snapshot.js';

export const RetryPolicy = z.object({
  /** Retries after the first try, for failures without a number of their own. */
  count: z.number().int().nonnegative(),
  /** LiteLLM's `retry_policy`, by class of the failure. */
  perClass: ByErrorClass,
  /** LiteLLM's `model_group_retry_policy`: numbers that stand instead of `perClass`, by the group of the attempt. */
  perGroup: z.record(z.string(), ByErrorClass).optional(),
});
export type RetryPolicy = z.infer<typeof RetryPolicy>;

/** A failed try, as far as retrying is concerned. */
export interface RetryFailure {
  readonly code: string;
  readonly upstreamStatus: number | null;
}

const classOfStatus: Readonly<Record<number, ErrorClass>> = {
  400: 'BadRequestError',
  401: 'AuthenticationError',
  402: 'AuthenticationError',
  403: 'AuthenticationError',
  404: 'NotFoundError',
  408: 'TimeoutError',
  413: 'BadRequestError',
  422: 'BadRequestError',
  429: 'RateLimitError',
  502: 'BadGatewayError',
  503: 'ServiceUnavailableError',
  504: 'TimeoutError',
  529: 'ServiceUnavailableError',
};

const classOfCode: Readonly<Record<string, ErrorClass>> = {
  content_policy_violation: 'ContentPolicyViolationError',
  context_length_exceeded: 'BadRequestError',
  invalid_request: 'BadRequestError',
  unsupported_parameter: 'BadRequestError',
  model_not_found: 'NotFoundError',
  insufficient_quota: 'AuthenticationError',
  rate_limit_exceeded: 'RateLimitError',
  upstream_timeout: 'TimeoutError',
};

/** Where a class has no number of its own, that of the wider one holds. */
const widerClass: Partial<Record<ErrorClass, ErrorClass>> = {
  ServiceUnavailableError: 'InternalServerError',
  BadGatewayError: 'InternalServerError',
  NotFoundError: 'BadRequestError',
};

/** The number that a policy has for a class of failures, or for the wider class around it; undefined where it has none. */
export function numberFor(policy: ByErrorClass, errorClass: ErrorClass): number | undefined {
  const wider = widerClass[errorClass];
  return policy[errorClass] ?? (wider === undefined ? undefined : policy[wider]);
}

/** LiteLLM's class of a failure: by its code where that says it, else by the upstream's status. */
export function errorClassOf(failure: RetryFailure): ErrorClass {
  const byCode = classOfCode[failure.code];
  if (byCode !== undefined) return byCode;
  const byStatus = failure.upstreamStatus === null ? undefined : classOfStatus[failure.upstreamStatus];
  return byStatus ?? 'InternalServerError';
}

const hopeless: readonly ErrorClass[] = [
  'AuthenticationError',
  'BadRequestError',
  'ContentPolicyViolationError',
  'NotFoundError',
];

/**
 * Highest `retry` number of an attempt on the deployment that failed so; 0 = go on to another deployment. A refused
 * connection, an empty account, a refused credential and a missing model are not better a second later, so they are
 * only repeated where the config names a number for their class; a refused connection and an empty account never.
 * `group` is the model group of the attempt.
 */
export function retriesAllowed(policy: RetryPolicy, failure: RetryFailure, group: string): number {
  if (failure.code === 'upstream_unreachable' || failure.code === 'insufficient_quota') return 0;
  const failureClass = errorClassOf(failure);
  const configured = numberFor(policy.perGroup?.[group] ?? policy.perClass, failureClass);
  if (configured !== undefined) return configured;
  return hopeless.includes(failureClass) ? 0 : policy.count;
}
