/** What the router knows of each deployment, for /health and the console. Pure. */
import type { RouterFleet } from '#contracts';
import type { z } from 'zod';
import type { FleetView } from './fleet/fleet-view.js';
import { isFreeModel } from './fleet/consequence.js';
import type { RouteIndex } from './route-index.js';

type Report = z.input<typeof RouterFleet.reply>['deployments'];

export function fleetReport(index: RouteIndex, view: FleetView, nowMs: number): Report {
  return [...index.byId.values()].map((candidate) => {
    const { deployment, backend } = candidate;
    const breaker = view.breaker(
      deployment.id,
      backend.id,
      isFreeModel(backend.provider, candidate.upstreamModel),
      nowMs,
    );
    const cooling = breaker.kind === 'open';
    const latency = view.latency(deployment.id, nowMs);
    return {
      deploymentId: deployment.id,
      modelName: deployment.modelName,
      backendId: backend.id,
      coolingUntil: cooling ? new Date(breaker.untilMs).toISOString() : null,
      coolingReason: cooling ? breaker.reason : null,
      inFlight: view.inFlight(deployment.id),
      latencyMs: latency.firstTokenMs,
    };
  });
}
