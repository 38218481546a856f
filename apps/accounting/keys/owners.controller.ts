/** Teams and users over the bus. */
import { Controller } from '@nestjs/common';
import type { z } from 'zod';
import {
  AddTeamMembers,
  BlockTeam,
  BlockUser,
  CreateTeam,
  CreateUser,
  DeleteTeams,
  DeleteUsers,
  GetTeamInfo,
  GetUserInfo,
  ListTeams,
  ListUsers,
  RemoveTeamMembers,
  UpdateTeam,
  UpdateTeamMember,
  UpdateUser,
} from '#contracts';
import { Serves } from '#service';
import { Database } from '../database/database.client.js';
import { KeyStore } from './key.store.js';
import { TeamAdmin } from './team-admin.store.js';
import { TeamStore } from './team.store.js';
import { UserAdmin } from './user-admin.store.js';
import { UserStore } from './user.store.js';

type Asked<C extends { request: z.ZodType }> = z.output<C['request']>;
type Answered<C extends { reply: z.ZodType }> = Promise<z.input<C['reply']>>;

const pageOf = (request: { page: number; size: number }, total: number) => ({
  total_count: total,
  current_page: request.page,
  total_pages: Math.ceil(total / request.size),
});

@Controller()
export class TeamsController {
  constructor(
    private readonly database: Database,
    private readonly teams: TeamStore,
    private readonly admin: TeamAdmin,
    private readonly keys: KeyStore,
  ) {}

  @Serves(CreateTeam)
  create(request: Asked<typeof CreateTeam>): Answered<typeof CreateTeam> {
    return this.admin.create(request);
  }

  @Serves(UpdateTeam)
  update(request: Asked<typeof UpdateTeam>): Answered<typeof UpdateTeam> {
    return this.admin.update(request);
  }

  @Serves(DeleteTeams)
  remove(request: Asked<typeof DeleteTeams>): Answered<typeof DeleteTeams> {
    return this.admin.remove(request);
  }

  @Serves(BlockTeam)
  block(request: Asked<typeof BlockTeam>): Answered<typeof BlockTeam> {
    return this.admin.setBlocked(request);
  }

  @Serves(AddTeamMembers)
  addMembers(request: Asked<typeof AddTeamMembers>): Answered<typeof AddTeamMembers> {
    return this.admin.add(request);
  }

  @Serves(UpdateTeamMember)
  updateMember(request: Asked<typeof UpdateTeamMember>): Answered<typeof UpdateTeamMember> {
    return this.admin.updateMember(request);
  }

  @Serves(RemoveTeamMembers)
  removeMembers(request: Asked<typeof RemoveTeamMembers>): Answered<typeof RemoveTeamMembers> {
    return this.admin.removeMembers(request);
  }

  @Serves(GetTeamInfo)
  async info({ teamId }: Asked<typeof GetTeamInfo>): Answered<typeof GetTeamInfo> {
    const team = await this.teams.info(teamId);
    const keys = await this.database.run(async (manager) =>
      this.keys.answers(manager, await this.keys.idsOf(manager, { teamId })),
    );
    return { v: 1, team, keys };
  }

  @Serves(ListTeams)
  async list(request: Asked<typeof ListTeams>): Answered<typeof ListTeams> {
    const { teams, total } = await this.teams.list(request);
    return { v: 1, teams, ...pageOf(request, total) };
  }
}

@Controller()
export class UsersController {
  constructor(
    private readonly database: Database,
    private readonly users: UserStore,
    private readonly admin: UserAdmin,
    private readonly teams: TeamStore,
    private readonly keys: KeyStore,
  ) {}

  @Serves(CreateUser)
  create(request: Asked<typeof CreateUser>): Answered<typeof CreateUser> {
    return this.admin.create(request);
  }

  @Serves(UpdateUser)
  update(request: Asked<typeof UpdateUser>): Answered<typeof UpdateUser> {
    return this.admin.update(request);
  }

  @Serves(DeleteUsers)
  remove(request: Asked<typeof DeleteUsers>): Answered<typeof DeleteUsers> {
    return this.admin.remove(request);
  }

  @Serves(BlockUser)
  block(request: Asked<typeof BlockUser>): Answered<typeof BlockUser> {
    return this.admin.setBlocked(request);
  }

  @Serves(GetUserInfo)
  async info({ userId }: Asked<typeof GetUserInfo>): Answered<typeof GetUserInfo> {
    const user = await this.users.info(userId);
    return this.database.run(async (manager) => ({
      v: 1 as const,
      user,
      keys: await this.keys.answers(manager, await this.keys.idsOf(manager, { userId })),
      teams: await this.teams.answers(manager, await this.teams.idsOfUser(manager, userId)),
    }));
  }

  @Serves(ListUsers)
  async list(request: Asked<typeof ListUsers>): Answered<typeof ListUsers> {
    const { users, total } = await this.users.list(request);
    return { v: 1, users, ...pageOf(request, total) };
  }
}
