/** What the router answers over the bus: plans, the models of a key, and the state of the fleet. */
import { Controller } from '@nestjs/common';
import type { z } from 'zod';
import { foldPlan, GatewayError, RouterFleet, RouterModels, RouterPlan, type PlanQuery } from '#contracts';
import { Serves } from '#service';
import { withSpan } from '#telemetry';
import { FleetConsumer, type Fleet } from './fleet.consumer.js';
import { fleetReport } from './fleet-report.js';
import { modelCards } from './model-cards.js';
import { planRoute } from './route-decision.js';

@Controller()
export class RouterController {
  constructor(private readonly fleets: FleetConsumer) {}

  @Serves(RouterPlan)
  plan(query: PlanQuery): Promise<z.input<typeof RouterPlan.reply>> {
    const attributes = { 'gateway.model.requested': query.model };
    return withSpan('gateway.route.select', { attributes }, (span) => {
      const { index, view } = this.fleet();
      const nowMs = Date.now();
      view.takeBack(query.requestId, nowMs);
      const plan = planRoute(query, view, index, Math.random, nowMs);
      const [first] = plan.attempts;
      if (first !== undefined) view.noteStart(query.requestId, first, query.inputTokens, nowMs);
      span.setAttributes({
        'gateway.model.served': first?.modelGroup ?? '',
        'gateway.backend': first?.backend.id ?? '',
        'gateway.route.attempts': plan.attempts.length,
        'gateway.route.why': first?.why ?? '',
        'gateway.route.reasons': plan.reasons,
      });
      const { complexity } = plan;
      if (complexity !== null) {
        span.setAttributes({
          'gateway.complexity.tier': complexity.tier,
          'gateway.complexity.score': complexity.score,
        });
      }
      return foldPlan(plan);
    });
  }

  @Serves(RouterModels)
  async models(query: z.output<typeof RouterModels.request>): Promise<z.input<typeof RouterModels.reply>> {
    const { v: _v, ...lists } = query;
    const key = { isAdmin: false, ...lists };
    return { v: 1, models: modelCards(this.fleet().index, key, this.fleets.installedModels()) };
  }

  @Serves(RouterFleet)
  async report(): Promise<z.input<typeof RouterFleet.reply>> {
    const { index, view } = this.fleet();
    return fleetReport(index, view, Date.now());
  }

  private fleet(): Fleet {
    const fleet = this.fleets.current();
    if (fleet === null)
      throw new GatewayError('service_unavailable', { adminText: 'the router has no configuration yet' });
    return fleet;
  }
}
