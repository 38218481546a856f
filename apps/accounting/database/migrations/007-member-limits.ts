/** Rate limits of members within their teams. */
import type { SchemaStep } from './migration.js';

const limits = (table: string, prefix: string) =>
  `ALTER TABLE ${table} ADD COLUMN ${prefix}rpm_limit integer CHECK (${prefix}rpm_limit >= 0),
     ADD COLUMN ${prefix}tpm_limit bigint CHECK (${prefix}tpm_limit >= 0)`;

export const memberLimits: SchemaStep = {
  name: 'MemberLimits1763700000007',
  up: [limits('team_members', ''), limits('teams', 'member_')],
  down: [
    `ALTER TABLE teams DROP COLUMN IF EXISTS member_rpm_limit, DROP COLUMN IF EXISTS member_tpm_limit`,
    `ALTER TABLE team_members DROP COLUMN IF EXISTS rpm_limit, DROP COLUMN IF EXISTS tpm_limit`,
  ],
};
