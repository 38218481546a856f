/** The ingress: HTTP in, answers out. */
import { Module } from '@nestjs/common';
import { AccessModule } from './access/access.module.js';
import { AdminCallers } from './admin/admin-caller.client.js';
import { BulkController } from './admin/bulk.controller.js';
import { BackendsController } from './admin/backends.controller.js';
import { KeysController } from './admin/keys.controller.js';
import { NamedKeys } from './admin/named-keys.client.js';
import { SpendController } from './admin/spend.controller.js';
import { SpendPagesController } from './admin/spend-pages.controller.js';
import { TeamsController } from './admin/teams.controller.js';
import { UsersController } from './admin/users.controller.js';
import { Callbacks } from './callbacks/callbacks.client.js';
import { ConsoleFiles } from './console/console-files.client.js';
import { ConsolePagesController } from './console/console-pages.controller.js';
import { ConsoleSessionController } from './console/console-session.controller.js';
import { ConsoleSessions } from './console/console-sessions.client.js';
import { CachedDelivery } from './cache/cached-delivery.client.js';
import { ResponseCache } from './cache/response-cache.client.js';
import { AttemptRun } from './completion/attempt-run.client.js';
import { CompletionController } from './completion/completion.controller.js';
import { CompletionEntry } from './completion/completion-entry.client.js';
import { CompletionRunner } from './completion/completion-runner.client.js';
import { MessagesController } from './completion/messages.controller.js';
import { ModelLookUp } from './completion/model-look-up.client.js';
import { UtilitiesController } from './completion/utilities.controller.js';
import { PassthroughController } from './completion/passthrough.controller.js';
import { OutcomePublisher } from './completion/outcome.publisher.js';
import { Planner } from './completion/planner.client.js';
import { ProviderClient } from './completion/provider.client.js';
import { RequestJournal } from './completion/request-journal.publisher.js';
import { Settlement } from './completion/settlement.publisher.js';
import { ErrorFilter } from './http/error.filter.js';
import { InFlight } from './http/in-flight.js';
import { FleetHealth } from './health/fleet-health.client.js';
import { HealthController } from './health/health.controller.js';
import { MetricsController } from './metrics/metrics.controller.js';
import { ServerConventions } from './metrics/conventional-metrics.publisher.js';
import { FinishedPublisher } from './metrics/request-finished.publisher.js';
import { SuiteTotals } from './metrics/totals.client.js';
import { ModelsController } from './models/models.controller.js';
import { ServedRoutes } from './openapi/route-list.client.js';
import { OpenApiController } from './openapi/openapi.controller.js';

@Module({
  imports: [AccessModule],
  controllers: [
    CompletionController,
    MessagesController,
    PassthroughController,
    UtilitiesController,
    ModelsController,
    HealthController,
    KeysController,
    TeamsController,
    UsersController,
    SpendController,
    SpendPagesController,
    BulkController,
    BackendsController,
    ConsolePagesController,
    ConsoleSessionController,
    OpenApiController,
    MetricsController,
  ],
  providers: [
    AdminCallers,
    AttemptRun,
    CachedDelivery,
    Callbacks,
    CompletionEntry,
    CompletionRunner,
    ConsoleFiles,
    ConsoleSessions,
    ErrorFilter,
    FinishedPublisher,
    ServerConventions,
    FleetHealth,
    InFlight,
    OutcomePublisher,
    ModelLookUp,
    NamedKeys,
    Planner,
    ProviderClient,
    RequestJournal,
    ResponseCache,
    ServedRoutes,
    Settlement,
    SuiteTotals,
  ],
})
export class IngressModule {}
