/** Liveliness and readiness for anyone (no backend is ever asked), and the state of every backend for admins. */
import { Controller, Get, HttpCode, Req, Res } from '@nestjs/common';
import { z } from 'zod';
import { Bus } from '#bus';
import { LookNow, RouterFleet } from '#contracts';
import { Readiness, Snapshots } from '#service';
import { AdminCallers, type AdminRequest } from '../admin/admin-caller.client.js';
import { optionalText, readQuery } from '../admin/admin-input.js';
import type { HttpReply } from '../completion/completion.controller.js';
import { FleetHealth } from './fleet-health.client.js';
import { healthReport } from './health-report.js';

const ReportQuery = z.object({ model: optionalText(), model_id: optionalText() });

@Controller('health')
export class HealthController {
  constructor(
    private readonly bus: Bus,
    private readonly callers: AdminCallers,
    private readonly snapshots: Snapshots,
    private readonly readiness: Readiness,
    private readonly fleet: FleetHealth,
  ) {}

  @Get(['liveliness', 'liveness'])
  @HttpCode(200)
  liveliness(@Res() reply: HttpReply): void {
    sendJson(reply, 200, "I'm alive!");
  }

  @Get('readiness')
  readinessState(@Res() reply: HttpReply): void {
    const { ready, reasons } = this.readiness;
    sendJson(reply, ready ? 200 : 503, {
      status: ready ? 'healthy' : 'unhealthy',
      bus: this.bus.connected ? 'connected' : 'Not connected',
      waiting: reasons,
    });
  }

  @Get()
  async report(@Req() request: AdminRequest): Promise<object> {
    await this.callers.of(request);
    const { model, model_id: modelId } = readQuery(ReportQuery, request.query);
    const snapshot = await this.snapshots.whenReady();
    // Without a schedule nobody has looked lately, so this call does, as in LiteLLM.
    if (!snapshot.general.backgroundHealthChecks) await this.bus.request(LookNow, { v: 1 }).catch(() => null);
    const { deployments: cooling, queues } = await this.routerFleet();
    return healthReport({ snapshot, healthOf: (id) => this.fleet.of(id), cooling, queues, model, modelId });
  }

  /** A router that does not answer hides nothing of what health knows. */
  private async routerFleet(): Promise<Pick<z.output<typeof RouterFleet.reply>, 'deployments' | 'queues'>> {
    try {
      return await this.bus.request(RouterFleet, { v: 1 });
    } catch {
      return { deployments: [], queues: [] };
    }
  }
}

function sendJson(reply: HttpReply, status: number, body: unknown): void {
  reply.hijack();
  const text = JSON.stringify(body);
  reply.raw
    .writeHead(status, { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(text)) })
    .end(text);
}
