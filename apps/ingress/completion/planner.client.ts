/** Asks the router for a plan. */
import { Injectable } from '@nestjs/common';
import { Bus } from '#bus';
import { RouterPlan, type Plan, type PlanQuery } from '#contracts';

/** A router that was restarted is back within this time; of two, the one that goes on is soon asked. */
const patienceMs = 5_000;

@Injectable()
export class Planner {
  constructor(private readonly bus: Bus) {}

  /** The plan; throws GatewayError. The router counts a request once, however often it plans it. */
  plan(query: PlanQuery): Promise<Plan> {
    return this.bus.request(RouterPlan, query, { patienceMs });
  }
}
