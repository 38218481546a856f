/** Everything of budgets, for the module of accounting. */
import { AlertSender } from '../alerts/alert.consumer.js';
import { SpendReports } from '../alerts/spend-reports.store.js';
import { BudgetPosting } from '../usage/budget-posting.store.js';
import { UsageConsumer } from '../usage/usage.consumer.js';
import { BudgetAlerts } from './budget-alerts.store.js';
import { BudgetRefusals } from './budget-refusals.client.js';
import { BudgetMeter } from './budget-meter.store.js';
import { BudgetsController } from './budgets.controller.js';
import { LeaseReaper, UsageBacklog } from './lease-reaper.client.js';
import { LeaseRecall } from './lease-recall.publisher.js';
import { LeaseStore } from './lease.store.js';
import { EscrowPosting } from './posting.store.js';

export const budgetControllers = [BudgetsController];

export const budgetProviders = [
  LeaseStore,
  LeaseRecall,
  LeaseReaper,
  BudgetAlerts,
  BudgetMeter,
  BudgetRefusals,
  EscrowPosting,
  AlertSender,
  SpendReports,
  { provide: BudgetPosting, useExisting: EscrowPosting },
  { provide: UsageBacklog, useExisting: UsageConsumer },
];
