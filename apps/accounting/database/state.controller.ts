/** Whether the database answers, for those who ask the gateway how it is. */
import { Controller } from '@nestjs/common';
import type { z } from 'zod';
import { AccountingState } from '#contracts';
import { Serves } from '#service';
import { Database } from './database.client.js';

@Controller()
export class StateController {
  constructor(private readonly database: Database) {}

  @Serves(AccountingState)
  state(): Promise<z.input<(typeof AccountingState)['reply']>> {
    return Promise.resolve({ v: 1, database: this.database.connected });
  }
}
