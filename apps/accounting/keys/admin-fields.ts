/** Bodies of the admin API, field by field: what each one is called in LiteLLM, what it may hold, what it sets. */
import { z } from 'zod';
import { closestName } from '#config';
import { DataPolicy, GatewayError, OwnerName, Priority, TeamId, UserId } from '#contracts';
import { addDuration, durationMs, parseDuration } from './duration.js';
import {
  dollars,
  limit,
  bigLimit,
  label,
  names,
  duration,
  timeOfDay,
  waitProblem,
  isoTime,
  shownTime,
  period,
  modelLimits,
  dictionary,
  modelBudget,
} from './field-values.js';
import type { KeyRow, LimitedRow, TeamRow, UserRow } from './rows.js';

export interface FieldContext {
  readonly now: Date;
  /** A field that is almost a known one is only warned of: the config file's checks tell of it with its line. */
  readonly acceptsSlips?: boolean;
}
type Read<Row> = (value: unknown, context: FieldContext) => Partial<Row> | string;
type FieldTable<Row> = Readonly<Record<string, Read<Row>>>;

/** `null` in a body means "not set", as it does in LiteLLM: `set` gets null then. */
function field<S extends z.ZodType, Change extends object>(
  schema: S,
  set: (value: z.output<S> | null, context: FieldContext) => Change,
): (value: unknown, context: FieldContext) => Change | string {
  return (value, context) => {
    if (value === null) return set(null, context);
    const parsed = schema.safeParse(value);
    if (parsed.success) return set(parsed.data, context);
    const [issue] = parsed.error.issues;
    const where = issue === undefined || issue.path.length === 0 ? '' : `${issue.path.map(String).join('.')}: `;
    return `${where}${issue?.message ?? 'not valid'}`;
  };
}

const limited = {
  models: field(names, (models) => ({ models: models ?? [] })),
  max_budget: field(dollars, (maxBudgetNanoUsd) => ({ maxBudgetNanoUsd })),
  soft_budget: field(dollars, (softBudgetNanoUsd) => ({ softBudgetNanoUsd })),
  budget_duration: field(period, (budgetDuration) => ({ budgetDuration })),
  budget_reset_at: field(z.union([timeOfDay, shownTime], 'must be a time of day such as 06:30'), (time) =>
    time instanceof Date ? {} : { budgetResetAt: time },
  ),
  max_tokens_budget: field(bigLimit, (maxTokensBudget) => ({ maxTokensBudget })),
  max_requests_budget: field(bigLimit, (maxRequestsBudget) => ({ maxRequestsBudget })),
  rpm_limit: field(limit, (rpmLimit) => ({ rpmLimit })),
  rps_limit: field(limit, (rpsLimit) => ({ rpsLimit })),
  tpm_limit: field(bigLimit, (tpmLimit) => ({ tpmLimit })),
  max_parallel_requests: field(limit, (maxParallelRequests) => ({ maxParallelRequests })),
  data_policy: field(DataPolicy, (dataPolicy) => ({ dataPolicy })),
  metadata: field(dictionary, (metadata) => ({ metadata: metadata ?? {} })),
  blocked: field(z.boolean('must be true or false'), (blocked) => ({ blocked: blocked ?? false })),
  model_max_budget: field(z.record(label, modelBudget, 'must be an object of models and budgets'), (budgets) => ({
    modelMaxBudget: budgets ?? {},
  })),
  model_rpm_limit: field(modelLimits, (modelRpmLimit) => ({ modelRpmLimit: modelRpmLimit ?? {} })),
  model_tpm_limit: field(modelLimits, (modelTpmLimit) => ({ modelTpmLimit: modelTpmLimit ?? {} })),
} satisfies FieldTable<LimitedRow>;

const keyFields: FieldTable<KeyRow> = {
  ...limited,
  key_alias: field(label, (alias) => ({ alias })),
  team_id: field(OwnerName.pipe(TeamId), (teamId) => ({ teamId })),
  user_id: field(OwnerName.pipe(UserId), (userId) => ({ userId })),
  aliases: field(z.record(label, label, 'must be an object of names'), (aliases) => ({ aliases: aliases ?? {} })),
  config: field(dictionary, (config) => ({ config: config ?? {} })),
  permissions: field(dictionary, (permissions) => ({ permissions: permissions ?? {} })),
  tags: field(names, (tags) => ({ tags: tags ?? [] })),
  priority: field(Priority, (priority) => ({ priority: priority ?? 'normal' })),
  logging: field(z.enum(['full', 'none']), (logging) => ({ fullLogging: logging === 'full' })),
  role: field(z.enum(['admin', 'user']), (role) => ({ role: role ?? 'user' })),
  max_wait: field(
    z.union([z.number().nonnegative(waitProblem).max(86_400, waitProblem), duration], waitProblem),
    (wait) => ({ maxWaitMs: waitMs(wait) }),
  ),
  // LiteLLM writes "-1" for "never".
  duration: field(
    z.union([z.literal('-1'), duration], 'must be a duration such as 24h or 30d, or -1'),
    (text, { now }) => ({ expiresAt: expiry(text, now) }),
  ),
  temp_budget_increase: field(dollars, (tempBudgetNanoUsd) => ({ tempBudgetNanoUsd })),
  temp_budget_expiry: field(
    z.union([duration, isoTime], 'must be a duration such as 24h, or an ISO time'),
    (text, { now }) => ({ tempBudgetUntil: text === null ? null : (expiry(text, now) ?? new Date(text)) }),
  ),
  expires: field(isoTime, (text) => ({ expiresAt: text === null ? null : new Date(text) })),
};

const teamFields: FieldTable<TeamRow> = {
  ...limited,
  team_id: field(OwnerName.pipe(TeamId), (teamId) => (teamId === null ? {} : { id: teamId })),
  team_alias: field(label, (alias) => ({ alias })),
  team_member_budget: field(dollars, (memberBudgetNanoUsd) => ({ memberBudgetNanoUsd })),
  team_member_rpm_limit: field(limit, (memberRpmLimit) => ({ memberRpmLimit })),
  team_member_tpm_limit: field(bigLimit, (memberTpmLimit) => ({ memberTpmLimit })),
};

const readSpend = field(dollars, (spendNanoUsd) => ({ spendNanoUsd }));

const userRoles = ['proxy_admin', 'proxy_admin_viewer', 'internal_user', 'internal_user_viewer', 'team', 'customer'];
const userFields: FieldTable<UserRow> = {
  ...limited,
  user_id: field(OwnerName.pipe(UserId), (userId) => (userId === null ? {} : { id: userId })),
  user_alias: field(label, (alias) => ({ alias })),
  user_email: field(z.email('must be an e-mail address').max(320, 'must be at most 320 characters'), (email) => ({
    email,
  })),
  user_role: field(z.enum(userRoles), (role) => ({ role: role ?? 'internal_user' })),
};

/** Fields of LiteLLM that mean nothing here. */
const withoutEffect = new Set([
  'allowed_cache_controls',
  'allowed_passthrough_routes',
  'allowed_routes',
  'agent_id',
  'allowed_vector_store_indexes',
  'auto_rotate',
  'budget_id',
  'budget_limits',
  'disable_global_guardrails',
  'enforced_params',
  'guardrails',
  'key_type',
  'input_tpd_limit',
  'model_aliases',
  'model_rpd_limit',
  'model_tpd_limit',
  'object_permission',
  'organization_id',
  'output_tpd_limit',
  'policies',
  'project_id',
  'prompts',
  'rotation_interval',
  'rpd_limit',
  'router_settings',
  'send_invite_email',
  'soft_budget_cooldown',
  'sso_user_id',
  'tpd_limit',
  'tpm_limit_type',
  'rpm_limit_type',
  'access_group_ids',
  'admins',
  'members',
]);

export interface ReadFields<Row> {
  readonly changes: Partial<Row>;
  /** What is to be shown as spent from now on; null = as it is. */
  readonly spendNanoUsd: number | null;
  /** What was not acted on, in words. */
  readonly warnings: readonly string[];
}

/** What answers show and nobody sets: a body may be made from an answer. */
const onlyShown = new Set([
  'created_at',
  'created_by',
  'key_name',
  'last_active',
  'litellm_budget_table',
  'model_spend',
  'origin',
  'status',
  'total_spend',
  'updated_at',
  'updated_by',
]);

function read<Row>(
  table: FieldTable<Row>,
  fields: Readonly<Record<string, unknown>>,
  context: FieldContext,
  handled: readonly string[],
): ReadFields<Row> {
  let changes: Partial<Row> = {};
  let spendNanoUsd: number | null = null;
  const warnings: string[] = [];
  for (const [name, value] of Object.entries(fields)) {
    const parse = Object.hasOwn(table, name) ? table[name] : undefined;
    if (name === 'spend') {
      const result = readSpend(value, context);
      if (typeof result === 'string') throw badField(name, result);
      spendNanoUsd = result.spendNanoUsd;
    } else if (parse !== undefined) {
      const result = parse(value, context);
      if (typeof result === 'string') throw badField(name, result);
      changes = { ...changes, ...result };
    } else if (!handled.includes(name) && !onlyShown.has(name) && value !== null) {
      warnings.push(withoutEffect.has(name) ? `${name} has no effect here` : unknownField(name, table, context));
    }
  }
  return { changes, spendNanoUsd, warnings };
}

/** LiteLLM's next release may have a field that we do not know. One that is almost a name of ours is a slip, and a limit that was meant would be missing. */
function unknownField(name: string, known: object, { acceptsSlips }: FieldContext): string {
  const meant = closestName(name, Object.keys(known));
  if (meant !== null && acceptsSlips !== true) throw badField(name, `is not a known field; did you mean ${meant}?`);
  return `${name} is not a known field`;
}

/** The error for a field that holds what it may not: invalid_request with the field as `param`. */
export function badField(name: string, problem: string): GatewayError {
  return new GatewayError('invalid_request', { message: `${name}: ${problem}`, param: name });
}

/** Reads the fields of a key; throws GatewayError invalid_request, naming the field. */
export function readKeyFields(fields: Readonly<Record<string, unknown>>, context: FieldContext): ReadFields<KeyRow> {
  return read(keyFields, fields, context, []);
}

/** Reads the fields of a team; `members_with_roles` is the caller's. Throws as readKeyFields. */
export function readTeamFields(fields: Readonly<Record<string, unknown>>, context: FieldContext): ReadFields<TeamRow> {
  return read(teamFields, fields, context, ['members_with_roles']);
}

/** Reads the fields of a user; what only a key has is the caller's. Throws as readKeyFields. */
export function readUserFields(fields: Readonly<Record<string, unknown>>, context: FieldContext): ReadFields<UserRow> {
  return read(userFields, fields, context, ['auto_create_key', 'teams', ...keyOnlyFields]);
}

/** Fields of /user/new that are meant for the key that is made along with the user. */
export const keyOnlyFields: readonly string[] = Object.keys(keyFields).filter((name) => !(name in userFields));

function waitMs(wait: number | string | null): number | null {
  if (wait === null) return null;
  if (typeof wait === 'number') return Math.round(wait * 1_000);
  const parsed = parseDuration(wait);
  return parsed === null ? null : durationMs(parsed);
}

function expiry(text: string | null, now: Date): Date | null {
  const parsed = text === null || text === '-1' ? null : parseDuration(text);
  return parsed === null ? null : addDuration(now, parsed);
}
