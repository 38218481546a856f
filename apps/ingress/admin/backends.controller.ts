/** POST /backends/ID/drain: a host finishes what runs and takes nothing new. `{"draining": false}` takes it back in. */
import { Controller, HttpCode, Param, Post, Req } from '@nestjs/common';
import { Bus } from '#bus';
import { BackendId, DrainBackend, GatewayError } from '#contracts';
import { AdminCallers, adminBody, type AdminRequest } from './admin-caller.client.js';

@Controller('backends')
export class BackendsController {
  constructor(
    private readonly bus: Bus,
    private readonly callers: AdminCallers,
  ) {}

  @Post(':id/drain')
  @HttpCode(200)
  async drain(@Req() request: AdminRequest, @Param('id') id: string): Promise<object> {
    await this.callers.of(request);
    const backend = BackendId.safeParse(id);
    if (!backend.success) throw new GatewayError('not_found', { message: 'There is no such backend.' });
    const hasBody = request.body instanceof Uint8Array && request.body.byteLength > 0;
    const draining = (hasBody ? adminBody(request)['draining'] : undefined) !== false;
    const { v: _v, ...state } = await this.bus.request(
      DrainBackend,
      { v: 1, draining },
      { tokens: { backend: backend.data } },
    );
    return { backend: backend.data, ...state };
  }
}
