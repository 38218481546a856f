/** Asks the worker that serves a backend to look at it. */
import { Injectable } from '@nestjs/common';
import { Bus } from '#bus';
import { GatewayError, ProbeBackend, type Backend } from '#contracts';
import { Metrics, probeAttribute, withSpan } from '#telemetry';
import { CredentialAlert } from './credential-alert.publisher.js';
import type { ProbeResult } from './judgement.js';
import { Roster } from './roster/roster.publisher.js';

/** Probes at once: a large fleet is not asked all together, at the start above all. */
const maxAtOnce = 16;

@Injectable()
export class BackendProber {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(
    private readonly bus: Bus,
    private readonly metrics: Metrics,
    private readonly roster: Roster,
    private readonly credentials: CredentialAlert,
  ) {}

  /** null where no worker serves the backend. */
  async probe(backend: Backend): Promise<ProbeResult | null> {
    if (this.running >= maxAtOnce) await new Promise<void>((resolve) => this.waiting.push(resolve));
    this.running += 1;
    try {
      const attributes = { [probeAttribute]: true, 'gateway.backend': backend.id };
      return await withSpan(`probe ${backend.id}`, { begins: 'root', attributes }, () => this.ask(backend));
    } finally {
      this.running -= 1;
      this.waiting.shift()?.();
    }
  }

  private async ask(backend: Backend): Promise<ProbeResult | null> {
    try {
      const reply = await this.bus.request(ProbeBackend, { v: 1, backend }, { tokens: { backend: backend.id } });
      this.metrics.observe('signalbox_backend_probe_duration_seconds', { backend: backend.id }, reply.latencyMs / 1000);
      if (reply.credentialsRefused === true) await this.credentials.take(backend, 'refused');
      return { ...reply, retired: await this.roster.take(backend, reply.installed) };
    } catch (error) {
      if (error instanceof GatewayError && error.code === 'service_unavailable') return null;
      throw error;
    }
  }
}
