/** POST /backends/ID/drain: a host finishes what runs and takes nothing new. `{"draining": false}` takes it back in. */
import { Controller, HttpCode, Param, Post, Req } from '@nestjs/common';
import { z } from 'zod';
import { Bus } from '#bus';
import { DrainBackend, GatewayError } from '#contracts';
import { Snapshots } from '#service';
import { AdminCallers, optionalBody, type AdminRequest } from './admin-caller.client.js';
import { readInput } from './admin-input.js';

const Draining = z.object({ draining: z.boolean('must be true or false').default(true) });

@Controller('backends')
export class BackendsController {
  constructor(
    private readonly bus: Bus,
    private readonly callers: AdminCallers,
    private readonly snapshots: Snapshots,
  ) {}

  @Post(':id/drain')
  @HttpCode(200)
  async drain(@Req() request: AdminRequest, @Param('id') id: string): Promise<object> {
    await this.callers.of(request);
    const known = this.snapshots.current()?.backends.find((one) => one.id === id);
    if (known === undefined) throw new GatewayError('not_found', { message: 'There is no such backend.', param: 'id' });
    if (known.kind !== 'local') {
      const message = `'${id}' is a cloud: only local hosts have a queue to drain.`;
      throw new GatewayError('invalid_request', { message, param: 'id' });
    }
    const backend = known.id;
    const { draining } = readInput(Draining, optionalBody(request));
    const { v: _v, ...state } = await this.bus.request(DrainBackend, { v: 1, draining }, { tokens: { backend } });
    return { backend, ...state };
  }
}
