/** Every step of the schema, oldest first. A new step is a file and a line here. */
import { access } from './001-access.js';
import { ledger } from './002-ledger.js';
import { reading } from './003-reading.js';
import { members } from './004-members.js';
import { searching } from './005-searching.js';
import { fasterSums } from './006-faster-sums.js';
import { memberLimits } from './007-member-limits.js';
import type { SchemaStep } from './migration.js';

export const schemaSteps: readonly SchemaStep[] = [
  access,
  ledger,
  reading,
  members,
  searching,
  fasterSums,
  memberLimits,
];
