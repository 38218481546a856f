/** /team/*: teams and their members in LiteLLM's shapes. */
import { Controller, Get, HttpCode, Post, Req } from '@nestjs/common';
import { z } from 'zod';
import { Bus } from '#bus';
import {
  AddTeamMembers,
  BlockTeam,
  CreateTeam,
  DeleteTeams,
  GatewayError,
  GetTeamInfo,
  ListTeams,
  RemoveTeamMembers,
  TeamId,
  TeamMember,
  UpdateTeam,
  UserId,
  type TeamAnswer,
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

const Members = z.union([TeamMember.transform((member) => [member]), z.array(TeamMember).min(1)]);

@Controller('team')
export class TeamsController {
  constructor(
    private readonly bus: Bus,
    private readonly callers: AdminCallers,
  ) {}

  @Post(['new', 'generate'])
  @HttpCode(200)
  async create(@Req() request: AdminRequest): Promise<object> {
    const { actor } = await this.callers.of(request);
    const { team, warnings } = await this.bus.request(CreateTeam, { v: 1, actor, fields: adminBody(request) });
    return warnings.length === 0 ? team : { ...team, warnings };
  }

  @Post('update')
  @HttpCode(200)
  async update(@Req() request: AdminRequest): Promise<object> {
    const { actor } = await this.callers.of(request);
    const { team_id: id, ...fields } = adminBody(request);
    const teamId = teamIdOf(requiredText({ team_id: id }, 'team_id'));
    const { team, warnings } = await this.bus.request(UpdateTeam, { v: 1, actor, teamId, fields });
    return { team_id: team.team_id, data: team, ...(warnings.length === 0 ? {} : { warnings }) };
  }

  @Post('delete')
  @HttpCode(200)
  async delete(@Req() request: AdminRequest): Promise<object> {
    const { actor } = await this.callers.of(request);
    const teamIds = requiredTexts(adminBody(request), 'team_ids').map(teamIdOf);
    return { deleted_teams: (await this.bus.request(DeleteTeams, { v: 1, actor, teamIds })).deleted };
  }

  @Post('block')
  @HttpCode(200)
  block(@Req() request: AdminRequest): Promise<TeamAnswer> {
    return this.setBlocked(request, true);
  }

  @Post('unblock')
  @HttpCode(200)
  unblock(@Req() request: AdminRequest): Promise<TeamAnswer> {
    return this.setBlocked(request, false);
  }

  @Post('member_add')
  @HttpCode(200)
  async addMembers(@Req() request: AdminRequest): Promise<TeamAnswer> {
    const { actor } = await this.callers.of(request);
    const body = adminBody(request);
    const parsed = Members.safeParse(body['member']);
    if (!parsed.success)
      throw new GatewayError('invalid_request', {
        message: "Invalid value for 'member': expected {user_id, role} or a list of them.",
        param: 'member',
      });
    const teamId = teamIdOf(requiredText(body, 'team_id'));
    return (await this.bus.request(AddTeamMembers, { v: 1, actor, teamId, members: parsed.data })).team;
  }

  @Post('member_delete')
  @HttpCode(200)
  async removeMembers(@Req() request: AdminRequest): Promise<TeamAnswer> {
    const { actor } = await this.callers.of(request);
    const body = adminBody(request);
    const named = body['user_ids'] === undefined ? [requiredText(body, 'user_id')] : requiredTexts(body, 'user_ids');
    const teamId = teamIdOf(requiredText(body, 'team_id'));
    return (
      await this.bus.request(RemoveTeamMembers, { v: 1, actor, teamId, userIds: named.map((id) => UserId.parse(id)) })
    ).team;
  }

  @Get('info')
  async info(@Req() request: AdminRequest): Promise<object> {
    await this.callers.of(request);
    const teamId = teamIdOf(requiredText({ team_id: queryText(request, 'team_id') }, 'team_id'));
    const { team, keys } = await this.bus.request(GetTeamInfo, { v: 1, teamId });
    return { team_id: team.team_id, team_info: team, keys, team_memberships: team.members_with_roles };
  }

  @Get('list')
  async list(@Req() request: AdminRequest): Promise<readonly TeamAnswer[]> {
    await this.callers.of(request);
    const page = queryNumber(request, 'page', 1, { min: 1, max: 1_000_000 });
    const size = queryNumber(request, 'size', 100, { min: 1, max: 100 });
    return (await this.bus.request(ListTeams, { v: 1, page, size, user_id: queryText(request, 'user_id') })).teams;
  }

  private async setBlocked(request: AdminRequest, blocked: boolean): Promise<TeamAnswer> {
    const { actor } = await this.callers.of(request);
    const teamId = teamIdOf(requiredText(adminBody(request), 'team_id'));
    return (await this.bus.request(BlockTeam, { v: 1, actor, teamId, blocked })).team;
  }
}

function teamIdOf(text: string): TeamId {
  const parsed = TeamId.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new GatewayError('invalid_request', {
    message: "Invalid value for 'team_id': at most 128 characters.",
    param: 'team_id',
  });
}
