/** The ingress: HTTP in, answers out. */
import { Module } from '@nestjs/common';
import { AccessModule } from './access/access.module.js';
import { AttemptRun } from './completion/attempt-run.client.js';
import { CompletionController } from './completion/completion.controller.js';
import { CompletionEntry } from './completion/completion-entry.client.js';
import { CompletionRunner } from './completion/completion-runner.client.js';
import { MessagesController } from './completion/messages.controller.js';
import { OutcomePublisher } from './completion/outcome.publisher.js';
import { Planner } from './completion/planner.client.js';
import { ProviderClient } from './completion/provider.client.js';
import { RequestJournal } from './completion/request-journal.publisher.js';
import { Settlement } from './completion/settlement.publisher.js';
import { ErrorFilter } from './http/error.filter.js';
import { InFlight } from './http/in-flight.js';
import { FleetHealth } from './health/fleet-health.client.js';
import { HealthController } from './health/health.controller.js';
import { ModelsController } from './models/models.controller.js';

@Module({
  imports: [AccessModule],
  controllers: [CompletionController, MessagesController, ModelsController, HealthController],
  providers: [
    AttemptRun,
    CompletionEntry,
    CompletionRunner,
    ErrorFilter,
    FleetHealth,
    InFlight,
    OutcomePublisher,
    Planner,
    ProviderClient,
    RequestJournal,
    Settlement,
  ],
})
export class IngressModule {}
