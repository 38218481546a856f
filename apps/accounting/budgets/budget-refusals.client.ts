/** Hears that requests are refused for a budget, so that its end is told although the last bit of it is never spent. */
import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Bus } from '#bus';
import { BudgetRefused, type BudgetState } from '#contracts';
import { Logger, outsideTraces } from '#telemetry';
import { BudgetAlerts } from './budget-alerts.store.js';
import { LeaseStore } from './lease.store.js';

/** What was spent just before the refusal is posted by then. */
const lookAfterMs = 1_500;

@Injectable()
export class BudgetRefusals implements OnModuleInit, OnApplicationShutdown {
  private subscription: { stop(): void } | null = null;
  /** The largest need that was refused in each scope since the last look. */
  private readonly refused = new Map<string, number>();
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly bus: Bus,
    private readonly leases: LeaseStore,
    private readonly alerts: BudgetAlerts,
    private readonly logger: Logger,
  ) {}

  onModuleInit(): void {
    this.subscription = this.bus.subscribe(BudgetRefused, ({ scope, needed }) => this.heard(scope, needed));
  }

  onApplicationShutdown(): void {
    this.subscription?.stop();
    if (this.timer !== null) clearTimeout(this.timer);
  }

  private heard(scope: string, needed: number): void {
    this.refused.set(scope, Math.max(needed, this.refused.get(scope) ?? 0));
    this.timer ??= outsideTraces(() => setTimeout(() => void this.look(), lookAfterMs).unref());
  }

  private async look(): Promise<void> {
    this.timer = null;
    const needs = new Map(this.refused);
    this.refused.clear();
    try {
      for (const state of await this.leases.info([...needs.keys()]))
        if (isUsedUp(state, needs.get(state.scope) ?? 0)) this.alerts.refusedIn(state);
    } catch (error) {
      // The next refusal tells of it again.
      this.logger.debug({ err: error }, 'the budgets of refusals were not found');
    }
  }
}

/** What is left beside what was spent does not hold the request, though a fresh window would. What is only set aside may come back. */
function isUsedUp({ limit, settled }: BudgetState, needed: number): boolean {
  return settled > 0 && needed <= limit && limit - settled < needed;
}
