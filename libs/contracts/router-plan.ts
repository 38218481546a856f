/** `router.plan` on the bus: retries name the deployment that they are tries of instead of carrying all of it again. */
import { z } from 'zod';
import { requestContract } from './contract.js';
import { Attempt, Plan, PlanQuery } from './route.js';

/** What differs between two tries on one deployment. */
const ofTheTry = {
  firstTokenTimeoutMs: true,
  delayMs: true,
  retry: true,
  fallbackFrom: true,
  onlyAfter: true,
  truncateToTokens: true,
  why: true,
} as const;

const Target = Attempt.omit(ofTheTry);
const Try = Attempt.pick(ofTheTry).extend({ target: z.number().int().nonnegative() });

const FoldedPlan = Plan.omit({ attempts: true }).extend({
  targets: z.array(Target).min(1).max(64),
  tries: z.array(Try).min(1).max(64),
});
type FoldedPlan = z.infer<typeof FoldedPlan>;

/** The plan as a reply carries it. Tries of one deployment share its target where nothing in it differs. */
export function foldPlan({ attempts, ...plan }: Plan): FoldedPlan {
  const targets: z.infer<typeof Target>[] = [];
  const tries = attempts.map((attempt) => {
    const { firstTokenTimeoutMs, delayMs, retry, fallbackFrom, onlyAfter, truncateToTokens, why, ...target } = attempt;
    let at = targets.findIndex((one) => isSameTarget(one, target));
    if (at === -1) at = targets.push(target) - 1;
    return { firstTokenTimeoutMs, delayMs, retry, fallbackFrom, onlyAfter, truncateToTokens, why, target: at };
  });
  return { ...plan, targets, tries };
}

/** Lists and records of one deployment are the same objects in all attempts on it. */
function isSameTarget(a: z.infer<typeof Target>, b: z.infer<typeof Target>): boolean {
  if (a.deploymentId !== b.deploymentId) return false;
  const other = new Map<string, unknown>(Object.entries(b));
  return Object.entries(a).every(([name, value]) => other.get(name) === value);
}

/** The plan again; a try without a target is a problem of the reply. */
const Unfolded = FoldedPlan.transform(({ targets, tries, ...plan }, context): Plan => {
  const attempts = tries.flatMap(({ target: at, ...own }) => {
    const target = targets[at];
    if (target === undefined) context.addIssue({ code: 'custom', message: `there is no target ${at}` });
    return target === undefined ? [] : { ...target, ...own };
  });
  return { ...plan, attempts };
});

/** Fails with model_not_found, model_not_allowed, no_healthy_backend, data_policy_violation, context_length_exceeded, unsupported_parameter. */
export const RouterPlan = requestContract({
  subject: 'router.plan',
  request: PlanQuery,
  reply: Unfolded,
  deadlineMs: 1_000,
});
