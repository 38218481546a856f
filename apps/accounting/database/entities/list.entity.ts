/** Every entity. Usage, ledger and budgets have none: they are written in batches, in SQL. */
import { KeyDigestEntity, KeyEntity, TeamEntity, TeamMemberEntity, UserEntity } from './access.entity.js';

export const entities = [KeyEntity, KeyDigestEntity, TeamEntity, UserEntity, TeamMemberEntity];
