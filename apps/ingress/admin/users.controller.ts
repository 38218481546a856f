/** /user/*: users in LiteLLM's shapes. */
import { Controller, Get, HttpCode, Post, Req } from '@nestjs/common';
import { z } from 'zod';
import { Bus } from '#bus';
import { Environment } from '#config';
import {
  BlockUser,
  CreateUser,
  DeleteUsers,
  GatewayError,
  GetUserInfo,
  ListUsers,
  UpdateUser,
  UserId,
  type TeamAnswer,
  type UserAnswer,
} from '#contracts';
import { AdminCallers, adminBody, optionalBody, storedFields, type AdminRequest } from './admin-caller.client.js';
import { name, names, optionalText, pageNumber, readInput, readQuery, wholeNumber } from './admin-input.js';
import { customKey, makeKey, secretOf } from './key-secret.js';

const New = z.looseObject({ auto_create_key: z.boolean('must be true or false').nullable().default(true) });
const Named = z.looseObject({ user_id: name(128).pipe(UserId) });
const Deleted = z.object({ user_ids: names(name(128)).pipe(z.array(UserId).min(1, 'must name at least one user')) });
const InfoQuery = z.object({ user_id: name(128).pipe(UserId).optional() });
const ListQuery = z.object({
  page: pageNumber,
  page_size: wholeNumber({ min: 1, max: 100, fallback: 25 }),
  role: optionalText(64),
});

@Controller('user')
export class UsersController {
  constructor(
    private readonly bus: Bus,
    private readonly callers: AdminCallers,
    private readonly environment: Environment,
  ) {}

  /** Makes a key for the user too, unless `auto_create_key` is false. */
  @Post(['new', 'generate'])
  @HttpCode(200)
  async create(@Req() request: AdminRequest): Promise<object> {
    const { actor } = await this.callers.of(request);
    const { auto_create_key: wantsKey, key: wanted, ...fields } = readInput(New, optionalBody(request));
    const pepper = this.environment.keyPepper;
    const key = wantsKey === false || pepper === null ? null : (customKey(wanted, 'key') ?? makeKey());
    const secret = key === null || pepper === null ? null : secretOf(key, pepper);
    const reply = await this.bus.request(CreateUser, { v: 1, actor, secret, fields: storedFields(fields) });
    return { ...reply.key, ...reply.user, key, ...(reply.warnings.length === 0 ? {} : { warnings: reply.warnings }) };
  }

  @Post('update')
  @HttpCode(200)
  async update(@Req() request: AdminRequest): Promise<object> {
    const { actor } = await this.callers.of(request);
    const { user_id: userId, ...rest } = readInput(Named, adminBody(request));
    const fields = storedFields(rest);
    const { user, warnings } = await this.bus.request(UpdateUser, { v: 1, actor, userId, fields });
    return { user_id: user.user_id, data: user, ...(warnings.length === 0 ? {} : { warnings }) };
  }

  @Post('delete')
  @HttpCode(200)
  async delete(@Req() request: AdminRequest): Promise<number> {
    const { actor } = await this.callers.of(request);
    const { user_ids: userIds } = readInput(Deleted, adminBody(request));
    // LiteLLM's answer is their number alone.
    return (await this.bus.request(DeleteUsers, { v: 1, actor, userIds })).deleted.length;
  }

  @Post('block')
  @HttpCode(200)
  block(@Req() request: AdminRequest): Promise<UserAnswer> {
    return this.setBlocked(request, true);
  }

  @Post('unblock')
  @HttpCode(200)
  unblock(@Req() request: AdminRequest): Promise<UserAnswer> {
    return this.setBlocked(request, false);
  }

  /** Without `user_id` the user of the key; who is no admin sees that one only. */
  @Get('info')
  async info(@Req() request: AdminRequest): Promise<object> {
    const { key, seenBy } = await this.callers.of(request);
    const userId = readQuery(InfoQuery, request.query).user_id ?? key.userId;
    if (userId === null)
      throw new GatewayError('invalid_request', {
        message: "Missing required parameter: 'user_id'.",
        param: 'user_id',
      });
    if (seenBy !== null && userId !== key.userId)
      throw new GatewayError('permission_denied', { message: 'This key may only see its own user.' });
    const { user, keys, teams } = await this.bus.request(GetUserInfo, { v: 1, userId });
    return { user_id: user.user_id, user_info: user, keys, teams: seenBy === null ? teams : teams.map(nameOfTeam) };
  }

  @Get('list')
  async list(@Req() request: AdminRequest): Promise<object> {
    await this.callers.of(request);
    const { page, page_size: size, role } = readQuery(ListQuery, request.query);
    const reply = await this.bus.request(ListUsers, { v: 1, page, size, role });
    return {
      users: reply.users,
      total: reply.total_count,
      page: reply.current_page,
      page_size: size,
      total_pages: reply.total_pages,
    };
  }

  private async setBlocked(request: AdminRequest, blocked: boolean): Promise<UserAnswer> {
    const { actor } = await this.callers.of(request);
    const { user_id: userId } = readInput(Named, adminBody(request));
    return (await this.bus.request(BlockUser, { v: 1, actor, userId, blocked })).user;
  }
}

/** Budgets and members of a team are not for every member's eyes. */
function nameOfTeam({ team_id, team_alias }: TeamAnswer): object {
  return { team_id, team_alias };
}
