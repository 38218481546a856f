/** Asks the worker that serves a backend to look at it. */
import { Injectable } from '@nestjs/common';
import { Bus } from '#bus';
import { GatewayError, ProbeBackend, type Backend } from '#contracts';
import { Metrics } from '#telemetry';
import type { ProbeResult } from './judgement.js';

@Injectable()
export class BackendProber {
  constructor(
    private readonly bus: Bus,
    private readonly metrics: Metrics,
  ) {}

  /** null where no worker serves the backend. */
  async probe(backend: Backend): Promise<ProbeResult | null> {
    try {
      const reply = await this.bus.request(ProbeBackend, { v: 1, backend }, { tokens: { backend: backend.id } });
      this.metrics.observe('signalbox_backend_probe_duration_seconds', { backend: backend.id }, reply.latencyMs / 1000);
      return reply;
    } catch (error) {
      if (error instanceof GatewayError && error.code === 'service_unavailable') return null;
      throw error;
    }
  }
}
