/** Keys over the bus. */
import { Controller } from '@nestjs/common';
import type { z } from 'zod';
import {
  BlockKey,
  DeleteKeys,
  GenerateKey,
  GetKeyInfo,
  ListAudit,
  ListKeys,
  LookUpKey,
  RegenerateKey,
  UnblockKey,
  UpdateKey,
} from '#contracts';
import { Serves, Snapshots } from '#service';
import { AuditStore } from './audit.store.js';
import { KeyAdmin } from './key-admin.store.js';
import { KeyStore } from './key.store.js';

type Asked<C extends { request: z.ZodType }> = z.output<C['request']>;
type Answered<C extends { reply: z.ZodType }> = Promise<z.input<C['reply']>>;

@Controller()
export class KeysController {
  constructor(
    private readonly keys: KeyStore,
    private readonly admin: KeyAdmin,
    private readonly audit: AuditStore,
    private readonly snapshots: Snapshots,
  ) {}

  @Serves(LookUpKey)
  async lookUp(request: Asked<typeof LookUpKey>): Answered<typeof LookUpKey> {
    const hasGlobalBudget = (this.snapshots.current()?.general.maxBudget ?? null) !== null;
    return { v: 1, key: await this.keys.lookUp(request.digest, hasGlobalBudget) };
  }

  @Serves(GenerateKey)
  generate(request: Asked<typeof GenerateKey>): Answered<typeof GenerateKey> {
    return this.admin.generate(request);
  }

  @Serves(UpdateKey)
  update(request: Asked<typeof UpdateKey>): Answered<typeof UpdateKey> {
    return this.admin.update(request);
  }

  @Serves(DeleteKeys)
  remove(request: Asked<typeof DeleteKeys>): Answered<typeof DeleteKeys> {
    return this.admin.remove(request);
  }

  @Serves(BlockKey)
  block(request: Asked<typeof BlockKey>): Answered<typeof BlockKey> {
    return this.admin.setBlocked(request, true);
  }

  @Serves(UnblockKey)
  unblock(request: Asked<typeof UnblockKey>): Answered<typeof UnblockKey> {
    return this.admin.setBlocked(request, false);
  }

  @Serves(RegenerateKey)
  regenerate(request: Asked<typeof RegenerateKey>): Answered<typeof RegenerateKey> {
    return this.admin.regenerate(request);
  }

  @Serves(GetKeyInfo)
  async info(request: Asked<typeof GetKeyInfo>): Answered<typeof GetKeyInfo> {
    return { v: 1, key: await this.keys.info(request.key) };
  }

  @Serves(ListKeys)
  async list(request: Asked<typeof ListKeys>): Answered<typeof ListKeys> {
    const { keys, total } = await this.keys.list(request);
    return {
      v: 1,
      keys,
      total_count: total,
      current_page: request.page,
      total_pages: Math.ceil(total / request.size),
    };
  }

  @Serves(ListAudit)
  async listAudit(request: Asked<typeof ListAudit>): Answered<typeof ListAudit> {
    return { v: 1, ...(await this.audit.list(request)) };
  }
}
