/** /key/*: virtual keys in LiteLLM's shapes. */
import { Controller, Get, HttpCode, Param, Post, Req } from '@nestjs/common';
import { Bus } from '#bus';
import { Environment } from '#config';
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
import {
  AdminCallers,
  adminBody,
  queryNumber,
  queryText,
  requiredText,
  type AdminRequest,
} from './admin-caller.client.js';
import { customKey, keyRefOf, makeKey, secretOf } from './key-secret.js';

@Controller('key')
export class KeysController {
  constructor(
    private readonly bus: Bus,
    private readonly callers: AdminCallers,
    private readonly environment: Environment,
  ) {}

  @Post('generate')
  @HttpCode(200)
  async generate(@Req() request: AdminRequest): Promise<object> {
    const { actor } = await this.callers.of(request);
    const { key: wanted, ...fields } = adminBody(request);
    const key = customKey(wanted, 'key') ?? makeKey();
    const made = await this.bus.request(GenerateKey, { v: 1, actor, secret: secretOf(key, this.pepper), fields });
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
    const { key: named, ...fields } = adminBody(request);
    const key = requiredText({ key: named }, 'key');
    const reply = await this.bus.request(UpdateKey, { v: 1, actor, key: this.refOf(key), fields });
    return { ...reply.key, key: shown(key, reply.key), ...told(reply.warnings) };
  }

  @Post('delete')
  @HttpCode(200)
  async delete(@Req() request: AdminRequest): Promise<object> {
    const { actor } = await this.callers.of(request);
    const body = adminBody(request);
    const named = textList(body['keys'], 'keys');
    const aliases = textList(body['key_aliases'], 'key_aliases');
    if (named.length + aliases.length === 0)
      throw new GatewayError('invalid_request', {
        message: "Give the keys to delete as 'keys' or 'key_aliases'.",
        param: 'keys',
      });
    const keys: KeyRef[] = [
      ...named.map((key) => this.refOf(key)),
      ...aliases.map((alias): KeyRef => ({ by: 'alias', alias })),
    ];
    const { deleted } = await this.bus.request(DeleteKeys, { v: 1, actor, keys });
    return { deleted_keys: [...named.map(masked), ...aliases], deleted: deleted.map((key) => key.token) };
  }

  @Post('block')
  @HttpCode(200)
  async block(@Req() request: AdminRequest): Promise<KeyAnswer> {
    const { actor } = await this.callers.of(request);
    const key = this.refOf(requiredText(adminBody(request), 'key'));
    return (await this.bus.request(BlockKey, { v: 1, actor, key })).key;
  }

  @Post('unblock')
  @HttpCode(200)
  async unblock(@Req() request: AdminRequest): Promise<KeyAnswer> {
    const { actor } = await this.callers.of(request);
    const key = this.refOf(requiredText(adminBody(request), 'key'));
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
    const named = queryText(request, 'key');
    if (named === null && caller.key.role === 'master')
      throw new GatewayError('invalid_request', {
        message: "The master key has no row of its own; name a key with '?key='.",
        param: 'key',
      });
    const key = named === null ? ({ by: 'id', id: caller.key.id } as const) : this.refOf(named);
    const reply = await this.bus.request(GetKeyInfo, { v: 1, key });
    if (caller.seenBy !== null && reply.key.token !== caller.seenBy.keyId)
      throw new GatewayError('permission_denied', { message: 'This key may only see itself.' });
    return { key: named === null ? reply.key.token : masked(named), info: reply.key };
  }

  @Get('list')
  async list(@Req() request: AdminRequest): Promise<object> {
    await this.callers.of(request);
    const reply = await this.bus.request(ListKeys, {
      v: 1,
      page: queryNumber(request, 'page', 1, { min: 1, max: 1_000_000 }),
      size: queryNumber(request, 'size', 10, { min: 1, max: 100 }),
      key_alias: queryText(request, 'key_alias'),
      team_id: queryText(request, 'team_id'),
      user_id: queryText(request, 'user_id'),
    });
    const full = queryText(request, 'return_full_object') === 'true';
    return {
      keys: full ? reply.keys : reply.keys.map((key) => key.token),
      total_count: reply.total_count,
      current_page: reply.current_page,
      total_pages: reply.total_pages,
    };
  }

  private async renew(request: AdminRequest, named: string | null): Promise<object> {
    const { actor } = await this.callers.of(request);
    const {
      key: inBody,
      new_key: wanted,
      grace_period: grace,
      ...fields
    } = request.body instanceof Uint8Array && request.body.byteLength > 0 ? adminBody(request) : {};
    const key = customKey(wanted, 'new_key') ?? makeKey();
    const reply = await this.bus.request(RegenerateKey, {
      v: 1,
      actor,
      key: this.refOf(named ?? requiredText({ key: inBody }, 'key')),
      secret: secretOf(key, this.pepper),
      gracePeriod: typeof grace === 'string' && grace !== '' ? grace : null,
      fields,
    });
    return {
      ...reply.key,
      key,
      token_id: reply.key.token,
      old_valid_until: reply.old_valid_until,
      ...told(reply.warnings),
    };
  }

  private refOf(named: string): KeyRef {
    return keyRefOf(named, this.pepper);
  }

  private get pepper(): string {
    const { keyPepper } = this.environment;
    if (keyPepper === null)
      throw new GatewayError('service_unavailable', {
        message: 'Virtual keys need SIGNALBOX_KEY_PEPPER to be set for the ingress and for accounting.',
      });
    return keyPepper;
  }
}

function told(warnings: readonly string[]): { warnings?: readonly string[] } {
  return warnings.length === 0 ? {} : { warnings };
}

/** A key is shown once, when it is made. */
function masked(named: string): string {
  return named.startsWith('sk-') ? `sk-...${named.slice(-4)}` : named;
}

function shown(named: string, answer: KeyAnswer): string {
  return named.startsWith('sk-') ? masked(named) : answer.token;
}

function textList(value: unknown, name: string): string[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
  throw new GatewayError('invalid_request', {
    message: `Invalid value for '${name}': expected a list of texts.`,
    param: name,
  });
}
