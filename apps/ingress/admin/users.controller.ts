/** /user/*: users in LiteLLM's shapes. */
import { Controller, Get, HttpCode, Post, Req } from '@nestjs/common';
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
  type UserAnswer,
} from '#contracts';
import {
  AdminCallers,
  adminBody,
  queryNumber,
  queryText,
  requiredText,
  requiredTexts,
  type AdminRequest,
} from './admin-caller.client.js';
import { makeKey, secretOf } from './key-secret.js';

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
    const { auto_create_key: wanted, key: _own, ...fields } = adminBody(request);
    const pepper = this.environment.keyPepper;
    const key = wanted === false || pepper === null ? null : makeKey();
    const secret = key === null || pepper === null ? null : secretOf(key, pepper);
    const reply = await this.bus.request(CreateUser, { v: 1, actor, secret, fields });
    return { ...reply.key, ...reply.user, key, ...(reply.warnings.length === 0 ? {} : { warnings: reply.warnings }) };
  }

  @Post('update')
  @HttpCode(200)
  async update(@Req() request: AdminRequest): Promise<object> {
    const { actor } = await this.callers.of(request);
    const { user_id: id, ...fields } = adminBody(request);
    const userId = userIdOf(requiredText({ user_id: id }, 'user_id'));
    const { user, warnings } = await this.bus.request(UpdateUser, { v: 1, actor, userId, fields });
    return { user_id: user.user_id, data: user, ...(warnings.length === 0 ? {} : { warnings }) };
  }

  @Post('delete')
  @HttpCode(200)
  async delete(@Req() request: AdminRequest): Promise<object> {
    const { actor } = await this.callers.of(request);
    const userIds = requiredTexts(adminBody(request), 'user_ids').map(userIdOf);
    return { deleted_users: (await this.bus.request(DeleteUsers, { v: 1, actor, userIds })).deleted };
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

  @Get('info')
  async info(@Req() request: AdminRequest): Promise<object> {
    await this.callers.of(request);
    const userId = userIdOf(requiredText({ user_id: queryText(request, 'user_id') }, 'user_id'));
    const { user, keys, teams } = await this.bus.request(GetUserInfo, { v: 1, userId });
    return { user_id: user.user_id, user_info: user, keys, teams };
  }

  @Get('list')
  async list(@Req() request: AdminRequest): Promise<object> {
    await this.callers.of(request);
    const page = queryNumber(request, 'page', 1, { min: 1, max: 1_000_000 });
    const size = queryNumber(request, 'page_size', 25, { min: 1, max: 100 });
    const reply = await this.bus.request(ListUsers, { v: 1, page, size, role: queryText(request, 'role') });
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
    const userId = userIdOf(requiredText(adminBody(request), 'user_id'));
    return (await this.bus.request(BlockUser, { v: 1, actor, userId, blocked })).user;
  }
}

function userIdOf(text: string): UserId {
  const parsed = UserId.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new GatewayError('invalid_request', {
    message: "Invalid value for 'user_id': at most 128 characters.",
    param: 'user_id',
  });
}
