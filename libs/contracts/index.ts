/** Every subject, message, error code and id of the suite, once. */
export {
  requestContract,
  eventContract,
  durableContract,
  bucketContract,
  fillSubject,
  wildcardSubject,
} from './contract.js';
export type {
  RequestContract,
  EventContract,
  DurableContract,
  BucketContract,
  AnyRequestContract,
} from './contract.js';
export { RequestId, AttemptId, KeyId, KeyDigest, TeamId, UserId, DeploymentId, BackendId, attemptIdOf } from './ids.js';
export { errorTable, GatewayError, isErrorCode, isFaultCode, namingModel, toGatewayError } from './errors.js';
export type { ErrorCode, ErrorDetails, ErrorEntry } from './errors.js';
export { DataPolicy, dataPolicies, satisfiesDataPolicy, strictestDataPolicy } from './data-policy.js';
export {
  SecretRef,
  Endpoint,
  endpoints,
  UpstreamDialect,
  BackendKind,
  Backend,
  Price,
  Capabilities,
  DefaultParams,
  Deployment,
  strategyNames,
  StrategyName,
  tierNames,
  TierName,
  ComplexityRouter,
  errorClasses,
  ByErrorClass,
  ErrorClass,
  RoutingSettings,
  DeclaredKey,
  TraceContent,
  GeneralSettings,
  ConfigProblem,
  ConfigSnapshot,
  ConfigBucket,
} from './config-snapshot.js';
export {
  RequestNeeds,
  PlanOverrides,
  PlanQuery,
  Attempt,
  Plan,
  ModelCard,
  RouterModels,
  RouterFleet,
} from './route.js';
export { operationNames } from './operation-names.js';
export { foldPlan, RouterPlan } from './router-plan.js';
export {
  ClientDialect,
  Payer,
  Priority,
  InferOpen,
  QueuedNotice,
  AcceptedNotice,
  TokenUsage,
  UsageNotice,
  StreamFailure,
  inferSubjects,
} from './inference.js';
export { UsageOpen, UsageClose, usageOutcomes } from './usage-event.js';
export type { UsageOpenEvent, UsageCloseEvent } from './usage-event.js';
export {
  LoadedModel,
  InstalledModel,
  RetiredModel,
  ProbeBackend,
  LookNow,
  FailureScope,
  AttemptOutcome,
  BackendNews,
  BackendLoad,
  BackendHealth,
  HealthBucket,
} from './backend-state.js';
export type { ProbeReply, AttemptOutcomeEvent, BackendLoadEvent } from './backend-state.js';
export { RateLimits, KeyRole, KeyRecord, LookUpKey, KeysBucket } from './access.js';
export { DrainBackend } from './drain.js';
export { RetryPolicy, errorClassOf, numberFor, retriesAllowed } from './retry-policy.js';
export type { RetryFailure } from './retry-policy.js';
export {
  Actor,
  KeyRef,
  NewSecret,
  AdminFields,
  KeyAnswer,
  MemberAnswer,
  TeamAnswer,
  UserAnswer,
  OwnerName,
  mostUsd,
} from './admin-record.js';
export {
  GenerateKey,
  UpdateKey,
  DeleteKeys,
  BlockKey,
  UnblockKey,
  RegenerateKey,
  GetKeyInfo,
  ListKeys,
} from './accounting-keys.js';
export {
  CreateTeam,
  UpdateTeam,
  DeleteTeams,
  BlockTeam,
  GetTeamInfo,
  ListTeams,
  TeamMember,
  TeamMemberChange,
  AddTeamMembers,
  RemoveTeamMembers,
  UpdateTeamMember,
} from './accounting-teams.js';
export {
  CreateUser,
  UpdateUser,
  DeleteUsers,
  BlockUser,
  GetUserInfo,
  ListUsers,
  AuditEntry,
  ListAudit,
} from './accounting-users.js';
export {
  SpendLogRow,
  ListSpendLogs,
  SummarizeSpend,
  reportGroups,
  spendLogOrders,
  ReportGroup,
  SpendLine,
  ReportDay,
  ReportSpend,
  ReportActivity,
  ReportTags,
  AccountingState,
  GlobalSpend,
  RankSpend,
  KeepPrompt,
  AlertUsageDead,
} from './accounting-spend.js';
export type { AlertUsageDeadEvent } from './accounting-spend.js';
export {
  budgetUnits,
  BudgetUnit,
  budgetOwners,
  BudgetOwner,
  budgetScopeName,
  parseBudgetScope,
  memberId,
  parseMemberId,
  chargedAmounts,
  LeaseWant,
  LeaseAnswer,
  LeaseBudget,
  LeaseRenewal,
  RenewedLease,
  RenewLeases,
  RecallLeases,
  BudgetState,
  BudgetInfo,
  BudgetRefused,
  AlertBudget,
  AlertSpendReport,
} from './budget.js';
export type {
  BudgetScope,
  BudgetAmounts,
  RecallLeasesEvent,
  AlertBudgetEvent,
  AlertSpendReportEvent,
} from './budget.js';
export {
  limitShards,
  limitShardOf,
  LimitKind,
  LimitTake,
  LimitState,
  LimitQuestion,
  LimitVerdict,
  AskLimits,
  LimitsTaken,
  CopyLimits,
  LimitOwners,
} from './limits.js';
export type { LimitsTakenEvent, LimitOwner, LimitBookCopy } from './limits.js';
export { OwnersBucket, ownershipTiming } from './owners.js';
export type { OwnerEntry } from './owners.js';
export { ConsoleSignedOut } from './console.js';
export { AlertModels, AlertCredentials } from './model-alert.js';
export type { AlertModelsEvent, AlertCredentialsEvent } from './model-alert.js';
export { CachedAnswer, AnswersBucket } from './cached-answer.js';
export { FreeAccount, FreePaceBucket } from './free-pace.js';
export { RequestFinished } from './request-finished.js';
export type { RequestFinishedEvent } from './request-finished.js';
