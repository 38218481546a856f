/** Answers what the ingress asks: plans, the models of a key, the state of the fleet. */
import { Controller } from '@nestjs/common';
import { RouterFleet, RouterModels, RouterPlan, type Plan, type PlanQuery } from '#contracts';
import type { z } from 'zod';
import { Serves } from '#service';
import { FleetSubscriber } from './fleet.subscriber.js';
import { fleetReport } from './fleet-report.js';
import { modelCards } from './model-cards.js';
import { planRoute } from './route-decision.js';

@Controller()
export class RouterController {
  constructor(private readonly fleet: FleetSubscriber) {}

  @Serves(RouterPlan)
  async plan(query: PlanQuery): Promise<Plan> {
    const { index, view } = this.fleet.current();
    const now = Date.now();
    const plan = planRoute(query, view, index, Math.random, now);
    const [first] = plan.attempts;
    if (first !== undefined) view.noteStart(query.requestId, first, query.inputTokens, now);
    return plan;
  }

  @Serves(RouterModels)
  async models(query: z.output<typeof RouterModels.request>): Promise<z.input<typeof RouterModels.reply>> {
    const { index } = this.fleet.current();
    return {
      v: 1,
      models: modelCards(
        index,
        { isAdmin: false, models: query.models, teamModels: query.teamModels },
        this.fleet.installedNames(),
      ),
    };
  }

  @Serves(RouterFleet)
  async fleetState(): Promise<z.input<typeof RouterFleet.reply>> {
    const { index, view } = this.fleet.current();
    return { v: 1, deployments: fleetReport(index, view, Date.now()) };
  }
}
