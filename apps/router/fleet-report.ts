/** What the router knows of each deployment, for /health and the console. */
import type { RouterFleet } from '#contracts';
import type { z } from 'zod';
import { isFreeModel } from './fleet/consequence.js';
import type { FleetView } from './fleet/fleet-view.js';
import type { RouteIndex } from './route-index.js';

type FleetReport = z.input<typeof RouterFleet.reply>;

/** One line for each deployment (cooling ones with the time at which they are tried again), and one for each queue. */
export function fleetReport(index: RouteIndex, fleet: FleetView, nowMs: number): FleetReport {
  const deployments = [...index.byId.values()].map(({ deployment, backend, upstreamModel }) => {
    const free = isFreeModel(backend.provider, upstreamModel);
    const state = fleet.breaker(deployment.id, backend.id, free, nowMs);
    const isCooling = state.kind === 'open';
    return {
      deploymentId: deployment.id,
      modelName: deployment.modelName,
      backendId: backend.id,
      coolingUntil: isCooling ? new Date(state.untilMs).toISOString() : null,
      coolingReason: isCooling ? state.reason : null,
      inFlight: fleet.inFlight(deployment.id),
      latencyMs: fleet.latency(deployment.id, nowMs).durationMs,
    };
  });
  return { v: 1, deployments, queues: queuesOf(index, fleet, nowMs) };
}

function queuesOf(index: RouteIndex, fleet: FleetView, nowMs: number): NonNullable<FleetReport['queues']> {
  return [...index.backends.values()].flatMap(({ id }) => {
    const { running, queued, expectedWaitMs, swaps, draining, isReported } = fleet.load(id, nowMs);
    return isReported ? [{ backendId: id, running, waiting: queued, expectedWaitMs, swaps, draining }] : [];
  });
}
