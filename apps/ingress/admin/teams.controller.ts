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
  TeamMemberChange,
  UpdateTeam,
  UpdateTeamMember,
  UserId,
  type MemberAnswer,
  type TeamAnswer,
} from '#contracts';
import { AdminCallers, adminBody, storedFields, type AdminRequest } from './admin-caller.client.js';
import { name, names, optionalText, pageNumber, readInput, readQuery, wholeNumber } from './admin-input.js';

const Named = z.looseObject({ team_id: name(128).pipe(TeamId) });
const Deleted = z.object({ team_ids: names(name(128)).pipe(z.array(TeamId).min(1, 'must name at least one team')) });
const Added = Named.extend({
  member: z
    .array(TeamMember, 'must be {user_id, role} or a list of them')
    .min(1, 'must name at least one member')
    .max(500, 'must be at most 500 members'),
  // LiteLLM's place for it; what stands at a member itself is meant for that one.
  max_budget_in_team: TeamMemberChange.shape.max_budget_in_team,
});
const Changed = Named.extend(TeamMemberChange.shape);
const Leaving = Named.extend({
  user_id: name(128).pipe(UserId).optional(),
  user_ids: names(name(128)).pipe(z.array(UserId).min(1, 'must name at least one user')).optional(),
  user_email: name(320).optional(),
});
const InfoQuery = z.object({ team_id: name(128).pipe(TeamId) });
const ListQuery = z.object({
  page: pageNumber,
  size: wholeNumber({ min: 1, max: 100, fallback: 100 }),
  user_id: optionalText(128),
});

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
    const { team, warnings } = await this.bus.request(CreateTeam, {
      v: 1,
      actor,
      fields: storedFields(adminBody(request)),
    });
    return warnings.length === 0 ? team : { ...team, warnings };
  }

  @Post('update')
  @HttpCode(200)
  async update(@Req() request: AdminRequest): Promise<object> {
    const { actor } = await this.callers.of(request);
    const { team_id: teamId, ...rest } = readInput(Named, adminBody(request));
    const fields = storedFields(rest);
    const { team, warnings } = await this.bus.request(UpdateTeam, { v: 1, actor, teamId, fields });
    return { team_id: team.team_id, data: team, ...(warnings.length === 0 ? {} : { warnings }) };
  }

  @Post('delete')
  @HttpCode(200)
  async delete(@Req() request: AdminRequest): Promise<object> {
    const { actor } = await this.callers.of(request);
    const { team_ids: teamIds } = readInput(Deleted, adminBody(request));
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

  @Post(['member_add', 'bulk_member_add'])
  @HttpCode(200)
  async addMembers(@Req() request: AdminRequest): Promise<TeamAnswer> {
    const { actor } = await this.callers.of(request);
    const body = readInput(Added, severalMembers(adminBody(request)));
    const { team_id: teamId, max_budget_in_team } = body;
    const members = body.member.map((member) => ({
      ...(max_budget_in_team === undefined ? {} : { max_budget_in_team }),
      ...member,
    }));
    return (await this.bus.request(AddTeamMembers, { v: 1, actor, teamId, members })).team;
  }

  /** What is not given stays as it is. */
  @Post('member_update')
  @HttpCode(200)
  async updateMember(@Req() request: AdminRequest): Promise<object> {
    const { actor } = await this.callers.of(request);
    const { team_id: teamId, ...member } = readInput(Changed, adminBody(request));
    const { team } = await this.bus.request(UpdateTeamMember, { v: 1, actor, teamId, member });
    const shown = team.members_with_roles.find((one) => one.user_id === member.user_id);
    return { team_id: teamId, ...shown };
  }

  @Post('member_delete')
  @HttpCode(200)
  async removeMembers(@Req() request: AdminRequest): Promise<TeamAnswer> {
    const { actor } = await this.callers.of(request);
    const { team_id: teamId, user_id: one, user_ids: several, user_email } = readInput(Leaving, adminBody(request));
    const userIds = several ?? (one === undefined ? [] : [one]);
    const userEmails = user_email === undefined || userIds.length > 0 ? [] : [user_email];
    if (userIds.length + userEmails.length === 0)
      throw new GatewayError('invalid_request', {
        message: "Missing required parameter: 'user_id'.",
        param: 'user_id',
      });
    return (await this.bus.request(RemoveTeamMembers, { v: 1, actor, teamId, userIds, userEmails })).team;
  }

  @Get('info')
  async info(@Req() request: AdminRequest): Promise<object> {
    await this.callers.of(request);
    const { team_id: teamId } = readQuery(InfoQuery, request.query);
    const { team, keys } = await this.bus.request(GetTeamInfo, { v: 1, teamId });
    return {
      team_id: team.team_id,
      team_info: team,
      keys,
      team_memberships: team.members_with_roles.map((member) => membership(team, member)),
    };
  }

  @Get('list')
  async list(@Req() request: AdminRequest): Promise<readonly TeamAnswer[]> {
    await this.callers.of(request);
    return (await this.bus.request(ListTeams, { v: 1, ...readQuery(ListQuery, request.query) })).teams;
  }

  private async setBlocked(request: AdminRequest, blocked: boolean): Promise<TeamAnswer> {
    const { actor } = await this.callers.of(request);
    const { team_id: teamId } = readInput(Named, adminBody(request));
    return (await this.bus.request(BlockTeam, { v: 1, actor, teamId, blocked })).team;
  }
}

/** One member may be given without a list. */
function severalMembers(body: Record<string, unknown>): Record<string, unknown> {
  // LiteLLM's bulk_member_add calls them members.
  const member = body['member'] ?? body['members'];
  if (Array.isArray(member)) return { ...body, member };
  return member === undefined || Array.isArray(member) ? body : { ...body, member: [member] };
}

/** A membership as LiteLLM shows it: its budget stands in a table of its own. */
function membership(team: TeamAnswer, member: MemberAnswer): object {
  const max_budget = member.max_budget_in_team ?? team.team_member_budget;
  return {
    ...member,
    team_id: team.team_id,
    spend: member.spend ?? 0,
    budget_id: null,
    litellm_budget_table: max_budget === null ? null : { max_budget, budget_duration: team.budget_duration },
  };
}
