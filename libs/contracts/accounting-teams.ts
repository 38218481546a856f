/** Teams and their members over the bus. See admin-record.ts for what the fields are. */
import { z } from 'zod';
import {
  AdminFields,
  changed,
  deadlineMs,
  KeyAnswer,
  mostUsd,
  OwnerName,
  page,
  pageAnswer,
  TeamAnswer,
  v,
  warnings,
} from './admin-record.js';
import { requestContract } from './contract.js';
import { TeamId, UserId } from './ids.js';

/** `team_id` among the fields names the team; without it one is made up. Fails with conflict where it exists. */
export const CreateTeam = requestContract({
  subject: 'accounting.team.create',
  request: z.object({ ...changed, fields: AdminFields }),
  reply: z.object({ v, team: TeamAnswer, warnings }),
  deadlineMs,
});

export const UpdateTeam = requestContract({
  subject: 'accounting.team.update',
  request: z.object({
    ...changed,
    teamId: TeamId,
    fields: AdminFields,
    /** Since 0.2: models that come to its list, or leave it; the list itself is not sent then. */
    models: z
      .object({ add: z.array(z.string()), remove: z.array(z.string()) })
      .nullable()
      .default(null),
  }),
  reply: z.object({ v, team: TeamAnswer, warnings }),
  deadlineMs,
});

/** Deletes their keys too. */
export const DeleteTeams = requestContract({
  subject: 'accounting.team.delete',
  request: z.object({ ...changed, teamIds: z.array(TeamId).min(1).max(500) }),
  reply: z.object({ v, deleted: z.array(TeamId) }),
  deadlineMs,
});

export const BlockTeam = requestContract({
  subject: 'accounting.team.block',
  request: z.object({ ...changed, teamId: TeamId, blocked: z.boolean() }),
  reply: z.object({ v, team: TeamAnswer }),
  deadlineMs,
});

export const GetTeamInfo = requestContract({
  subject: 'accounting.team.info',
  request: z.object({ v, teamId: TeamId }),
  reply: z.object({ v, team: TeamAnswer, keys: z.array(KeyAnswer) }),
  deadlineMs,
});

export const ListTeams = requestContract({
  subject: 'accounting.team.list',
  request: z.object({ v, ...page, user_id: z.string().nullable().default(null) }),
  reply: z.object({ v, teams: z.array(TeamAnswer), ...pageAnswer }),
  deadlineMs,
});

const usdAmount = z
  .number('must be an amount in USD')
  .nonnegative('must not be negative')
  .max(mostUsd, `must be at most ${mostUsd} USD`);
const wholeLimit = (most: number) =>
  z.int('must be a whole number').nonnegative('must not be negative').max(most, `must be at most ${most}`);
const memberId = OwnerName.pipe(UserId);
const memberEmail = z.string('must be a text').min(1, 'must not be empty').max(320, 'must be at most 320 characters');

/** What is changed of a member: what is not given stays. */
export const TeamMemberChange = z.object(
  {
    user_id: memberId,
    user_email: memberEmail.nullable().optional(),
    role: z.enum(['admin', 'user'], 'must be admin or user').optional(),
    max_budget_in_team: usdAmount.nullable().optional(),
    /** Since 0.2: of the member's keys in the team. */
    rpm_limit: wholeLimit(2_147_483_647).nullable().optional(),
    tpm_limit: wholeLimit(Number.MAX_SAFE_INTEGER).nullable().optional(),
  },
  'must be {user_id, role}',
);

/** A new member. One who is named by the e-mail address only is the user who has it, or a new one. */
export const TeamMember = z
  .object(
    {
      ...TeamMemberChange.shape,
      user_id: memberId.optional(),
      role: z.enum(['admin', 'user'], 'must be admin or user').optional(),
    },
    'must be {user_id, role}',
  )
  .refine((member) => member.user_id !== undefined || member.user_email != null, {
    message: 'needs a user_id or a user_email',
    path: ['user_id'],
  });
export type TeamMember = z.infer<typeof TeamMember>;

/** Users that do not exist are made. Of a member who is one already, what is not given stays. */
export const AddTeamMembers = requestContract({
  subject: 'accounting.team.member_add',
  request: z.object({ ...changed, teamId: TeamId, members: z.array(TeamMember).min(1).max(500) }),
  reply: z.object({ v, team: TeamAnswer }),
  deadlineMs,
});

/** What is not given stays. */
export const UpdateTeamMember = requestContract({
  subject: 'accounting.team.member_update',
  request: z.object({
    ...changed,
    teamId: TeamId,
    member: TeamMemberChange,
  }),
  reply: z.object({ v, team: TeamAnswer }),
  deadlineMs,
});

export const RemoveTeamMembers = requestContract({
  subject: 'accounting.team.member_delete',
  request: z.object({
    ...changed,
    teamId: TeamId,
    userIds: z.array(UserId).max(500),
    /** Since 0.2: members by their e-mail addresses. */
    userEmails: z.array(z.string()).max(500).default([]),
  }),
  reply: z.object({ v, team: TeamAnswer }),
  deadlineMs,
});
