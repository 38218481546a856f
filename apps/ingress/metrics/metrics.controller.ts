/** GET /metrics on the main port, where the config has LiteLLM's `callbacks: ["prometheus"]`. */
import { Controller, Get, Req, Res } from '@nestjs/common';
import { GatewayError } from '#contracts';
import { Snapshots } from '#service';
import { Authenticator } from '../access/authenticator.client.js';
import type { HttpReply, HttpRequest } from '../completion/completion.controller.js';
import { textType } from './series.js';
import { SuiteTotals } from './totals.client.js';

@Controller('metrics')
export class MetricsController {
  constructor(
    private readonly totals: SuiteTotals,
    private readonly authenticator: Authenticator,
    private readonly snapshots: Snapshots,
  ) {}

  @Get()
  async metrics(@Req() request: HttpRequest, @Res() reply: HttpReply): Promise<void> {
    const { general } = await this.snapshots.whenReady();
    if (!general.prometheusOnMainPort)
      throw new GatewayError('not_found', {
        message:
          'The config has no `litellm_settings.callbacks: ["prometheus"]`. Each service has its metrics on its management port.',
      });
    if (general.requireAuthForMetrics)
      await this.authenticator.authenticate(request.raw.headers, request.raw.socket.remoteAddress ?? '');
    const text = await this.totals.text();
    reply.hijack();
    reply.raw.writeHead(200, { 'content-type': textType, 'content-length': String(Buffer.byteLength(text)) }).end(text);
  }
}
