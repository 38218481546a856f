/** Keys, teams, users and who belongs to what. */
import { EntitySchema } from 'typeorm';
import type { KeyDigestRow, KeyRow, TeamMemberRow, TeamRow, UserRow } from '../../keys/rows.js';
import { limitedColumns } from './limited.entity.js';

export const KeyEntity = new EntitySchema<KeyRow>({
  name: 'key',
  tableName: 'keys',
  columns: {
    id: { type: 'text', primary: true },
    alias: { type: 'text', nullable: true },
    last4: { type: 'text' },
    role: { type: 'text' },
    teamId: { name: 'team_id', type: 'text', nullable: true },
    userId: { name: 'user_id', type: 'text', nullable: true },
    aliases: { type: 'jsonb' },
    config: { type: 'jsonb' },
    permissions: { type: 'jsonb' },
    tags: { type: 'text', array: true },
    priority: { type: 'text' },
    maxWaitMs: { name: 'max_wait_ms', type: 'bigint', nullable: true },
    fullLogging: { name: 'full_logging', type: 'boolean' },
    expiresAt: { name: 'expires_at', type: 'timestamptz', nullable: true },
    origin: { type: 'text' },
    tempBudgetNanoUsd: { name: 'temp_budget_nano_usd', type: 'bigint', nullable: true },
    tempBudgetUntil: { name: 'temp_budget_until', type: 'timestamptz', nullable: true },
    ...limitedColumns,
  },
});

export const KeyDigestEntity = new EntitySchema<KeyDigestRow>({
  name: 'key_digest',
  tableName: 'key_digests',
  columns: {
    digest: { type: 'text', primary: true },
    keyId: { name: 'key_id', type: 'text' },
    validUntil: { name: 'valid_until', type: 'timestamptz', nullable: true },
    createdAt: { name: 'created_at', type: 'timestamptz' },
  },
});

export const TeamEntity = new EntitySchema<TeamRow>({
  name: 'team',
  tableName: 'teams',
  columns: {
    id: { type: 'text', primary: true },
    alias: { type: 'text', nullable: true },
    memberBudgetNanoUsd: { name: 'member_budget_nano_usd', type: 'bigint', nullable: true },
    memberRpmLimit: { name: 'member_rpm_limit', type: 'integer', nullable: true },
    memberTpmLimit: { name: 'member_tpm_limit', type: 'bigint', nullable: true },
    ...limitedColumns,
  },
});

export const UserEntity = new EntitySchema<UserRow>({
  name: 'user',
  tableName: 'users',
  columns: {
    id: { type: 'text', primary: true },
    alias: { type: 'text', nullable: true },
    email: { type: 'text', nullable: true },
    role: { type: 'text' },
    ...limitedColumns,
  },
});

export const TeamMemberEntity = new EntitySchema<TeamMemberRow>({
  name: 'team_member',
  tableName: 'team_members',
  columns: {
    teamId: { name: 'team_id', type: 'text', primary: true },
    userId: { name: 'user_id', type: 'text', primary: true },
    role: { type: 'text' },
    maxBudgetNanoUsd: { name: 'max_budget_nano_usd', type: 'bigint', nullable: true },
    rpmLimit: { name: 'rpm_limit', type: 'integer', nullable: true },
    tpmLimit: { name: 'tpm_limit', type: 'bigint', nullable: true },
    addedAt: { name: 'added_at', type: 'timestamptz' },
  },
});
