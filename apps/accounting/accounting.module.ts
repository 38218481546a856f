/** Accounting: keys, budgets, usage and spend, and the only owner of the database. */
import { Module } from '@nestjs/common';
import { budgetControllers, budgetProviders } from './budgets/budgets.module.js';
import { Database } from './database/database.client.js';
import { PartitionStore } from './database/partition.store.js';
import { StateController } from './database/state.controller.js';
import { Upkeep } from './database/upkeep.client.js';
import { AdminTransaction } from './keys/admin-transaction.store.js';
import { AuditStore } from './keys/audit.store.js';
import { ChangePublisher } from './keys/change.publisher.js';
import { DeclaredKeys } from './keys/declared-keys.store.js';
import { KeyAdmin } from './keys/key-admin.store.js';
import { KeyStore } from './keys/key.store.js';
import { KeysController } from './keys/keys.controller.js';
import { OwnerStore } from './keys/owner.store.js';
import { TeamsController, UsersController } from './keys/owners.controller.js';
import { SpendCorrections } from './keys/spend-correction.store.js';
import { SpentStore } from './keys/spent.store.js';
import { TeamAdmin } from './keys/team-admin.store.js';
import { TeamStore } from './keys/team.store.js';
import { UserAdmin } from './keys/user-admin.store.js';
import { UserStore } from './keys/user.store.js';
import { PromptStore } from './reports/prompt.store.js';
import { ReportStore } from './reports/report.store.js';
import { SpendLogStore } from './reports/spend-log.store.js';
import { SpendController } from './reports/spend.controller.js';
import { DeadLetterStore } from './usage/dead-letter.store.js';
import { ReaperStore } from './usage/reaper.store.js';
import { UsageConsumer } from './usage/usage.consumer.js';
import { UsageStore } from './usage/usage.store.js';

@Module({
  controllers: [
    KeysController,
    TeamsController,
    UsersController,
    SpendController,
    StateController,
    ...budgetControllers,
  ],
  providers: [
    Database,
    PartitionStore,
    Upkeep,
    KeyStore,
    KeyAdmin,
    OwnerStore,
    TeamStore,
    TeamAdmin,
    UserStore,
    UserAdmin,
    SpentStore,
    SpendCorrections,
    AdminTransaction,
    AuditStore,
    ChangePublisher,
    DeclaredKeys,
    ...budgetProviders,
    UsageStore,
    UsageConsumer,
    ReaperStore,
    DeadLetterStore,
    SpendLogStore,
    ReportStore,
    PromptStore,
  ],
})
export class AccountingModule {}
