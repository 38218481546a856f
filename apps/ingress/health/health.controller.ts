/** Liveliness and readiness for anyone (no backend is ever asked), and the state of every backend for admins. */
import { Controller, Get, HttpCode, Req, Res } from '@nestjs/common';
import { z } from 'zod';
import { Bus } from '#bus';
import { Environment } from '#config';
import { AccountingState, LookNow, RouterFleet } from '#contracts';
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
    private readonly environment: Environment,
  ) {}

  @Get(['liveliness', 'liveness'])
  @HttpCode(200)
  liveliness(@Res() reply: HttpReply): void {
    sendJson(reply, 200, "I'm alive!");
  }

  @Get('readiness')
  async readinessState(@Res() reply: HttpReply): Promise<void> {
    const database = await this.databaseAnswers();
    const { ready, reasons } = this.readiness;
    const cache = this.snapshots.current()?.general.cache;
    sendJson(reply, ready ? 200 : 503, {
      status: ready ? 'healthy' : 'unhealthy',
      db: wordOf(database),
      cache: cache?.enabled === true ? cache.type : null,
      litellm_version: `signalbox-${this.environment.version}`,
      signalbox_version: this.environment.version,
      bus: wordOf(this.bus.connected),
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

  /** Told, but no condition: without the database requests are served by what is known. */
  private async databaseAnswers(): Promise<boolean> {
    if (!this.bus.connected) return false;
    try {
      return (await this.bus.request(AccountingState, { v: 1 })).database;
    } catch {
      return false;
    }
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

const wordOf = (connected: boolean) => (connected ? 'connected' : 'Not connected');

function sendJson(reply: HttpReply, status: number, body: unknown): void {
  reply.hijack();
  const text = JSON.stringify(body);
  reply.raw
    .writeHead(status, { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(text)) })
    .end(text);
}
