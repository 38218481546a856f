/** LiteLLM's routes for several keys or users at once, and for a part of one. */
import { Controller, Get, HttpCode, Param, Post, Req } from '@nestjs/common';
import { z } from 'zod';
import { Bus } from '#bus';
import {
  GatewayError,
  GetKeyInfo,
  ListTeams,
  TeamId,
  UpdateKey,
  UpdateTeam,
  UpdateUser,
  UserId,
  type Actor,
  type TeamAnswer,
} from '#contracts';
import { AdminCallers, adminBody, storedFields, type AdminRequest } from './admin-caller.client.js';
import { name, names, optionalText, pageNumber, readInput, readQuery, wholeNumber } from './admin-input.js';
import { NamedKeys } from './named-keys.client.js';

const mostAtOnce = 500;
const severalOf = <S extends z.ZodType>(item: S) =>
  z.array(item, 'must be a list').min(1, 'must not be empty').max(mostAtOnce, `must be at most ${mostAtOnce}`);
const KeyNames = z.object({ keys: names().pipe(z.array(z.string()).min(1, 'must not be empty')) });
const KeyChanges = z.object({ keys: severalOf(z.looseObject({ key: name() })) });
const UserChanges = z.object({ users: severalOf(z.looseObject({ user_id: name(128).pipe(UserId) })) });
const Reset = z.object({ reset_to: z.number('must be an amount in USD').nonnegative('must not be negative') });
const ModelChange = z.object({ team_id: name(128).pipe(TeamId), models: names() });
const TeamPage = z.object({
  page: pageNumber,
  page_size: wholeNumber({ min: 1, max: 100, fallback: 10 }),
  user_id: optionalText(128),
});

@Controller()
export class BulkController {
  constructor(
    private readonly bus: Bus,
    private readonly callers: AdminCallers,
    private readonly named: NamedKeys,
  ) {}

  /** Keys that nobody has are left out, as in LiteLLM. */
  @Post('v2/key/info')
  @HttpCode(200)
  async keyInfos(@Req() request: AdminRequest): Promise<object> {
    await this.callers.of(request);
    const { keys } = readInput(KeyNames, adminBody(request));
    const found = await Promise.all(keys.map((key) => this.keyInfo(key)));
    return { key: keys, info: found.filter((info) => info !== null) };
  }

  /** Each on its own: what fails is told, and the others are changed all the same. */
  @Post('key/bulk_update')
  @HttpCode(200)
  async updateKeys(@Req() request: AdminRequest): Promise<object> {
    const { actor } = await this.callers.of(request);
    const { keys } = readInput(KeyChanges, adminBody(request));
    const done: { key: string; key_info: object }[] = [];
    const failed: { key: string; key_info: null; failed_reason: string }[] = [];
    for (const { key, ...fields } of keys) {
      try {
        done.push({ key, key_info: (await this.updateKey(actor, key, fields)).key });
      } catch (error) {
        failed.push({ key, key_info: null, failed_reason: reasonOf(error) });
      }
    }
    return { total_requested: keys.length, successful_updates: done, failed_updates: failed };
  }

  @Post('key/:key/reset_spend')
  @HttpCode(200)
  async resetSpend(@Req() request: AdminRequest, @Param('key') key: string): Promise<object> {
    const { actor } = await this.callers.of(request);
    const { reset_to: spend } = readInput(Reset, adminBody(request));
    const { key: before } = await this.bus.request(GetKeyInfo, { v: 1, key: this.named.refOf(key) });
    if (spend > before.spend)
      throw new GatewayError('invalid_request', {
        message: `Invalid value for 'reset_to': must be at most what is spent, ${before.spend} USD.`,
        param: 'reset_to',
      });
    const { key: after } = await this.updateKey(actor, key, { spend });
    return {
      key_hash: after.token,
      spend: after.spend,
      previous_spend: before.spend,
      max_budget: after.max_budget,
      budget_reset_at: after.budget_reset_at,
    };
  }

  @Post('user/bulk_update')
  @HttpCode(200)
  async updateUsers(@Req() request: AdminRequest): Promise<object> {
    const { actor } = await this.callers.of(request);
    const { users } = readInput(UserChanges, adminBody(request));
    const results: object[] = [];
    let failures = 0;
    for (const { user_id: userId, ...fields } of users) {
      try {
        const asked = { v: 1 as const, actor, userId, fields: storedFields(fields) };
        const { user } = await this.bus.request(UpdateUser, asked);
        results.push({ user_id: userId, user_email: user.user_email, success: true, error: null, updated_user: user });
      } catch (error) {
        failures += 1;
        const told = { success: false, error: reasonOf(error), updated_user: null };
        results.push({ user_id: userId, user_email: null, ...told });
      }
    }
    const successful = users.length - failures;
    return { results, total_requested: users.length, successful_updates: successful, failed_updates: failures };
  }

  @Get('user/available_roles')
  async roles(@Req() request: AdminRequest): Promise<object> {
    await this.callers.of(request);
    return {
      proxy_admin: { description: 'admin over the gateway: all of the API', ui_label: 'Admin (All Permissions)' },
      proxy_admin_viewer: { description: 'reads all of the API, changes nothing', ui_label: 'Admin (View Only)' },
      internal_user: { description: 'calls models, sees its own spend', ui_label: 'Internal User' },
    };
  }

  @Post('team/model/add')
  @HttpCode(200)
  addModels(@Req() request: AdminRequest): Promise<TeamAnswer> {
    return this.changeModels(request, (models) => ({ add: models, remove: [] }));
  }

  @Post('team/model/delete')
  @HttpCode(200)
  removeModels(@Req() request: AdminRequest): Promise<TeamAnswer> {
    return this.changeModels(request, (models) => ({ add: [], remove: models }));
  }

  @Get('v2/team/list')
  async teams(@Req() request: AdminRequest): Promise<object> {
    await this.callers.of(request);
    const { page, page_size: size, user_id } = readQuery(TeamPage, request.query);
    const reply = await this.bus.request(ListTeams, { v: 1, page, size, user_id });
    const { teams, total_count: total, total_pages } = reply;
    return { teams, total, page, page_size: size, total_pages };
  }

  private async changeModels(
    request: AdminRequest,
    change: (models: string[]) => { add: string[]; remove: string[] },
  ): Promise<TeamAnswer> {
    const { actor } = await this.callers.of(request);
    const { team_id: teamId, models } = readInput(ModelChange, adminBody(request));
    const asked = { v: 1 as const, actor, teamId, fields: {}, models: change(models) };
    return (await this.bus.request(UpdateTeam, asked)).team;
  }

  private updateKey(actor: Actor, key: string, fields: Record<string, unknown>) {
    return this.bus.request(UpdateKey, { v: 1, actor, key: this.named.refOf(key), fields: storedFields(fields) });
  }

  private async keyInfo(key: string): Promise<object | null> {
    try {
      return (await this.bus.request(GetKeyInfo, { v: 1, key: this.named.refOf(key) })).key;
    } catch (error) {
      if (error instanceof GatewayError && error.code === 'not_found') return null;
      throw error;
    }
  }
}

/** Why one of several failed; what is our own fault is not for callers. */
function reasonOf(error: unknown): string {
  if (error instanceof GatewayError) return error.message;
  throw error;
}
