/** Budgets over the bus: leases for the ingresses, and what is left for those who ask. */
import { Controller } from '@nestjs/common';
import type { z } from 'zod';
import { BudgetInfo, LeaseBudget, RenewLeases, type LeaseAnswer, type LeaseWant } from '#contracts';
import { Serves } from '#service';
import { LeaseRecall } from './lease-recall.publisher.js';
import { LeaseStore } from './lease.store.js';

type Asked<C extends { request: z.ZodType }> = z.output<C['request']>;
type Answered<C extends { reply: z.ZodType }> = Promise<z.input<C['reply']>>;

@Controller()
export class BudgetsController {
  constructor(
    private readonly leases: LeaseStore,
    private readonly recall: LeaseRecall,
  ) {}

  /** Where a budget is lent out rather than spent, holders are asked once to give back what they do not use. */
  @Serves(LeaseBudget)
  async lease({ holder, epoch, wants }: Asked<typeof LeaseBudget>): Answered<typeof LeaseBudget> {
    const answers = await this.leases.lease(holder, epoch, wants);
    const again = wants.filter((want, i) => couldFit(want, answers[i]));
    if (again.length === 0) return { v: 1, answers };
    await Promise.all([...new Set(again.map((want) => want.scope))].map((scope) => this.recall.idle(scope)));
    const second = new Map((await this.leases.lease(holder, epoch, again)).map((answer) => [answer.leaseId, answer]));
    return { v: 1, answers: answers.map((answer) => second.get(answer.leaseId) ?? answer) };
  }

  @Serves(RenewLeases)
  async renew({ leases }: Asked<typeof RenewLeases>): Answered<typeof RenewLeases> {
    return { v: 1, leases: await this.leases.renew(leases) };
  }

  @Serves(BudgetInfo)
  async info({ scopes }: Asked<typeof BudgetInfo>): Answered<typeof BudgetInfo> {
    return { v: 1, budgets: await this.leases.info(scopes) };
  }
}

/** Denied, but only because others hold what is left. */
function couldFit(want: LeaseWant, answer: LeaseAnswer | undefined): boolean {
  return answer?.kind === 'denied' && answer.held > 0 && answer.limit - answer.settled >= want.need;
}
