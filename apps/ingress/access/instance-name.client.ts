/** What this process is called on the bus: the same for its whole life, and never used again. */
import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';

@Injectable()
export class InstanceName {
  readonly name = `ingress-${randomBytes(6).toString('hex')}`;
}
