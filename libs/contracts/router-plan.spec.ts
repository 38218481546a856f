import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sampleAttempt } from '#testing';
import { type Attempt, type Plan } from './route.js';
import { foldPlan, RouterPlan } from './router-plan.js';

const attempt = sampleAttempt();
const planOf = (attempts: Attempt[]): Plan => ({
  v: 1,
  revision: 'r1',
  model: 'm',
  modelGroup: 'm',
  attempts,
  reasons: ['because'],
  complexity: null,
});
const received = (plan: Plan) => RouterPlan.reply.parse(JSON.parse(JSON.stringify(foldPlan(plan))));

describe('a plan on the bus', () => {
  it('carries a deployment once, however often it is tried', () => {
    const plan = planOf([attempt, { ...attempt, retry: 1, delayMs: 500, why: 'retry 1' }, { ...attempt, retry: 2 }]);
    expect(foldPlan(plan).targets).toHaveLength(1);
    expect(received(plan)).toEqual(plan);
  });

  it('is the same plan on the other side, whatever stands in it (property)', () => {
    const some = fc.record({
      deploymentId: fc.constantFrom('a', 'b', 'c').map((id) => id as Attempt['deploymentId']),
      modelGroup: fc.constantFrom('m', 'n'),
      timeoutMs: fc.constantFrom(1_000, 2_000),
      retry: fc.nat(3),
      delayMs: fc.nat(9),
      firstTokenTimeoutMs: fc.constantFrom(null, 5),
      params: fc.constantFrom<Attempt['params']>({ temperature: 1 }, { temperature: 0 }),
      why: fc.string(),
    });
    fc.assert(
      fc.property(fc.array(some, { minLength: 1, maxLength: 12 }), (list) => {
        const plan = planOf(list.map((one) => ({ ...attempt, ...one })));
        expect(received(plan)).toEqual(plan);
      }),
    );
  });

  it('is refused where a try names no target', () => {
    const folded = foldPlan(planOf([attempt]));
    const broken = { ...folded, tries: folded.tries.map((one) => ({ ...one, target: 7 })) };
    expect(RouterPlan.reply.safeParse(broken).error?.message).toContain('there is no target 7');
  });
});
