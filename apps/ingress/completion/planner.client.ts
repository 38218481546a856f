/** Asks the router for a plan. */
import { Injectable } from '@nestjs/common';
import { Bus } from '#bus';
import { GatewayError, RouterPlan, type Plan, type PlanQuery } from '#contracts';

/** A router that was restarted is back within this time. */
const patienceMs = 5_000;

@Injectable()
export class Planner {
  constructor(private readonly bus: Bus) {}

  /** The plan; throws GatewayError. A router that does not answer is asked once more: it counts a request once, however often it plans it. */
  async plan(query: PlanQuery): Promise<Plan> {
    try {
      return await this.bus.request(RouterPlan, query, { patienceMs });
    } catch (error) {
      if (!(error instanceof GatewayError) || error.code !== 'service_unavailable') throw error;
      return this.bus.request(RouterPlan, query);
    }
  }
}
