/** Budgets of members, budgets that are larger for a while, and spend that an admin corrected. */
import type { SchemaStep } from './migration.js';

const owners = (kinds: string) =>
  `ALTER TABLE budget DROP CONSTRAINT IF EXISTS budget_owner_kind_check,
     ADD CONSTRAINT budget_owner_kind_check CHECK (owner_kind IN (${kinds}))`;

export const members: SchemaStep = {
  name: 'Members1763700000004',
  up: [
    owners(`'key', 'team', 'user', 'member', 'global'`),
    `ALTER TABLE budget ADD COLUMN temp_limit_n bigint CHECK (temp_limit_n >= 0), ADD COLUMN temp_until timestamptz`,
    `ALTER TABLE keys ADD COLUMN temp_budget_nano_usd bigint CHECK (temp_budget_nano_usd >= 0),
       ADD COLUMN temp_budget_until timestamptz`,
    `ALTER TABLE teams ADD COLUMN member_budget_nano_usd bigint CHECK (member_budget_nano_usd >= 0)`,
    // What is shown as spent is the sum of what was used and of what admins set it to; reports show what was used.
    `ALTER TABLE spend_total ADD COLUMN correction_nano_usd bigint NOT NULL DEFAULT 0`,
  ],
  down: [
    `ALTER TABLE spend_total DROP COLUMN IF EXISTS correction_nano_usd`,
    `ALTER TABLE teams DROP COLUMN IF EXISTS member_budget_nano_usd`,
    `ALTER TABLE keys DROP COLUMN IF EXISTS temp_budget_nano_usd, DROP COLUMN IF EXISTS temp_budget_until`,
    `ALTER TABLE budget DROP COLUMN IF EXISTS temp_limit_n, DROP COLUMN IF EXISTS temp_until`,
    `DELETE FROM budget WHERE owner_kind = 'member'`,
    owners(`'key', 'team', 'user', 'global'`),
  ],
};
