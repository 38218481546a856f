/** /key/*: virtual keys in LiteLLM's shapes. */
import { Controller, Get, HttpCode, Param, Post, Req } from '@nestjs/common';
import { z } from 'zod';
import { Bus } from '#bus';
import {
  BlockKey,
  DeleteKeys,
  GatewayError,
  GenerateKey,
  GetKeyInfo,
  ListKeys,
  RegenerateKey,
  UnblockKey,
  UpdateKey,
  type KeyAnswer,
  type KeyRef,
} from '#contracts';
import { isSameSecret } from '../access/authenticate.js';
import { MasterKey } from '../access/master-key.client.js';
import { AdminCallers, adminBody, optionalBody, storedFields, type AdminRequest } from './admin-caller.client.js';
import {
  flag,
  name,
  names,
  optionalText,
  optionalWord,
  pageNumber,
  readInput,
  readQuery,
  wholeNumber,
} from './admin-input.js';
import { customKey, makeKey, secretOf } from './key-secret.js';
import { NamedKeys } from './named-keys.client.js';

const Named = z.looseObject({ key: name() });
const Deleted = z.object({ keys: names().nullish(), key_aliases: names().nullish() });
const Renewed = z.looseObject({
  key: name().optional(),
  grace_period: z.string('must be a duration such as 30m or 24h').nullable().default(null),
});
const InfoQuery = z.object({ key: optionalText() });
const ListQuery = z.object({
  page: pageNumber,
  size: wholeNumber({ min: 1, max: 100, fallback: 10 }),
  key_alias: optionalText(),
  team_id: optionalText(128),
  user_id: optionalText(128),
  sort_by: optionalWord(['created_at', 'updated_at', 'key_alias', 'spend', 'max_budget', 'expires']),
  sort_order: optionalWord(['asc', 'desc']),
  return_full_object: flag,
});
const AliasQuery = z.object({
  page: pageNumber,
  size: wholeNumber({ min: 1, max: 100, fallback: 50 }),
  search: optionalText(),
});

@Controller('key')
export class KeysController {
  constructor(
    private readonly bus: Bus,
    private readonly callers: AdminCallers,
    private readonly named: NamedKeys,
    private readonly masterKey: MasterKey,
  ) {}

  @Post(['generate', 'service-account/generate'])
  @HttpCode(200)
  async generate(@Req() request: AdminRequest): Promise<object> {
    const { actor } = await this.callers.of(request);
    const { key: wanted, ...fields } = adminBody(request);
    const key = this.wantedKey(wanted, 'key') ?? makeKey();
    const made = await this.bus.request(GenerateKey, {
      v: 1,
      actor,
      secret: secretOf(key, this.named.pepper),
      fields: storedFields(fields),
    });
    const { created_team, created_user, warnings } = made;
    return {
      ...made.key,
      key,
      token_id: made.key.token,
      ...(created_team === null ? {} : { created_team }),
      ...(created_user === null ? {} : { created_user }),
      ...told(warnings),
    };
  }

  @Post('update')
  @HttpCode(200)
  async update(@Req() request: AdminRequest): Promise<object> {
    const { actor } = await this.callers.of(request);
    const { key, ...fields } = readInput(Named, adminBody(request));
    const reply = await this.bus.request(UpdateKey, {
      v: 1,
      actor,
      key: this.named.refOf(key),
      fields: storedFields(fields),
    });
    return { ...reply.key, key, ...told(reply.warnings) };
  }

  @Post('delete')
  @HttpCode(200)
  async delete(@Req() request: AdminRequest): Promise<object> {
    const { actor } = await this.callers.of(request);
    const { keys: byName, key_aliases: byAlias } = readInput(Deleted, adminBody(request));
    const [named, aliases] = [byName ?? [], byAlias ?? []];
    if (named.length + aliases.length === 0)
      throw new GatewayError('invalid_request', {
        message: "Give the keys to delete as 'keys' or 'key_aliases'.",
        param: 'keys',
      });
    const keys: KeyRef[] = [
      ...named.map((key) => this.named.refOf(key)),
      ...aliases.map((alias): KeyRef => ({ by: 'alias', alias })),
    ];
    const { deleted } = await this.bus.request(DeleteKeys, { v: 1, actor, keys });
    return { deleted_keys: [...named, ...aliases], deleted: deleted.map((key) => key.token) };
  }

  @Post('block')
  @HttpCode(200)
  async block(@Req() request: AdminRequest): Promise<KeyAnswer> {
    const { actor } = await this.callers.of(request);
    const key = this.named.refOf(readInput(Named, adminBody(request)).key);
    return (await this.bus.request(BlockKey, { v: 1, actor, key })).key;
  }

  @Post('unblock')
  @HttpCode(200)
  async unblock(@Req() request: AdminRequest): Promise<KeyAnswer> {
    const { actor } = await this.callers.of(request);
    const key = this.named.refOf(readInput(Named, adminBody(request)).key);
    return (await this.bus.request(UnblockKey, { v: 1, actor, key })).key;
  }

  @Post('regenerate')
  @HttpCode(200)
  regenerate(@Req() request: AdminRequest): Promise<object> {
    return this.renew(request, null);
  }

  @Post(':key/regenerate')
  @HttpCode(200)
  regenerateNamed(@Req() request: AdminRequest, @Param('key') key: string): Promise<object> {
    return this.renew(request, key);
  }

  /** Without `key` a caller sees itself. */
  @Get('info')
  async info(@Req() request: AdminRequest): Promise<object> {
    const caller = await this.callers.of(request);
    const { key: named } = readQuery(InfoQuery, request.query);
    if (named === null && caller.key.role === 'master')
      throw new GatewayError('invalid_request', {
        message: "The master key has no row of its own; name a key with '?key='.",
        param: 'key',
      });
    const key = named === null ? ({ by: 'id', id: caller.key.id } as const) : this.named.refOf(named);
    const reply = await this.bus.request(GetKeyInfo, { v: 1, key });
    if (caller.seenBy !== null && reply.key.token !== caller.seenBy.keyId)
      throw new GatewayError('permission_denied', { message: 'This key may only see itself.' });
    return { key: named ?? reply.key.token, info: reply.key };
  }

  @Get('list')
  async list(@Req() request: AdminRequest): Promise<object> {
    await this.callers.of(request);
    const { return_full_object: full, sort_by, sort_order, ...query } = readQuery(ListQuery, request.query);
    const reply = await this.bus.request(ListKeys, {
      v: 1,
      ...query,
      sort_by: sort_by ?? undefined,
      sort_order: sort_order ?? undefined,
    });
    return {
      keys: full ? reply.keys : reply.keys.map((key) => key.token),
      total_count: reply.total_count,
      current_page: reply.current_page,
      total_pages: reply.total_pages,
    };
  }

  @Get('aliases')
  async aliases(@Req() request: AdminRequest): Promise<object> {
    await this.callers.of(request);
    const { page, size, search } = readQuery(AliasQuery, request.query);
    const query = { v: 1 as const, page, size, key_alias: search, sort_by: 'key_alias' as const };
    const reply = await this.bus.request(ListKeys, { ...query, sort_order: 'asc' });
    return {
      aliases: reply.keys.flatMap((key) => key.key_alias ?? []),
      total_count: reply.total_count,
      current_page: reply.current_page,
      total_pages: reply.total_pages,
      size,
    };
  }

  private async renew(request: AdminRequest, named: string | null): Promise<object> {
    const { actor } = await this.callers.of(request);
    const body = readInput(named === null ? Renewed.required({ key: true }) : Renewed, optionalBody(request));
    const { key: inBody, new_key: wanted, grace_period: gracePeriod, ...fields } = body;
    const key = this.wantedKey(wanted, 'new_key') ?? makeKey();
    const reply = await this.bus.request(RegenerateKey, {
      v: 1,
      actor,
      key: this.named.refOf(named ?? inBody ?? ''),
      secret: secretOf(key, this.named.pepper),
      gracePeriod: gracePeriod === '' ? null : gracePeriod,
      fields: storedFields(fields),
    });
    return {
      ...reply.key,
      key,
      token_id: reply.key.token,
      old_valid_until: reply.old_valid_until,
      ...told(reply.warnings),
    };
  }

  /** A virtual key with the master key's value would let its holder in for ever, also when the master key has changed. */
  private wantedKey(value: unknown, param: string): string | null {
    const key = customKey(value, param);
    if (key !== null && isSameSecret(key, this.masterKey.current() ?? '')) {
      throw new GatewayError('invalid_request', {
        message: `Invalid value for '${param}': this key is taken.`,
        param,
      });
    }
    return key;
  }
}

function told(warnings: readonly string[]): { warnings?: readonly string[] } {
  return warnings.length === 0 ? {} : { warnings };
}
