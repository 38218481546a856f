/** `general_settings`, the money and cache parts of `litellm_settings`, and `signalbox`. */
import { callbackNames, missingForCallback } from '../callback-targets.js';
import type { z } from 'zod';
import type { GeneralSettings, SecretRef } from '#contracts';
import { findPrice } from '#pricing';
import type { GeneralSettings as WrittenGeneral } from '../schema/section-schemas.js';
import { durationDays, listOf } from '../schema/value-types.js';
import { resolveModelName } from '../providers.js';
import { isPostgresUrl, notPostgres } from '../database-url.js';
import { secretAt, type BuildContext } from './build-context.js';
import { buildCacheSettings } from './cache-settings.js';
import type { Settings } from './routing-settings.js';

export type AllSettings = Settings & { readonly general: z.output<typeof WrittenGeneral> };

const mebibyte = 1024 * 1024;

/** Keys of `signalbox:` that have a field of their own in the snapshot; the rest travels as written. */
const namedSignalboxKeys = new Set([
  'first_token_timeout',
  'load_timeout',
  'context_overflow',
  'unknown_model',
  'cors_origins',
  'timezone',
  'cache_scope',
  'savings_reference',
  'keep_warm',
  'auto_pull',
  'max_model_wait',
  'max_queue_length',
  'queue_comments',
  'usage_span',
  'trace_content',
  'metrics_semconv',
  'alert_thresholds',
  'spend_retention',
  'data_policy',
  'host_parallel_requests',
]);

/** The general part of the snapshot. `machineTimezone` holds where the config names none. */
export function buildGeneralSettings(
  settings: AllSettings,
  machineTimezone: string,
  context: BuildContext,
): GeneralSettings {
  const { general, litellm, signalbox } = settings;
  const both = knownCallbacks('callbacks', settings, context);
  const successCallbacks = [...new Set([...both, ...knownCallbacks('success_callback', settings, context)])];
  const failureCallbacks = [...new Set([...both, ...knownCallbacks('failure_callback', settings, context)])];
  const extras = Object.fromEntries(Object.entries(signalbox).filter(([key]) => !namedSignalboxKeys.has(key)));
  return {
    masterKey: masterKeyOf(general.master_key, context),
    databaseUrl: databaseOf(general.database_url, context),
    corsOrigins: signalbox.cors_origins === undefined ? null : originsOf(signalbox.cors_origins, context),
    timezone: timezoneOf(settings, machineTimezone, context),
    ...budgetOf(settings, context),
    alerting: alertingOf(listOf(general.alerting), context),
    alertThresholds: signalbox.alert_thresholds ?? [50, 80, 95, 100],
    successCallbacks,
    failureCallbacks,
    healthCheckIntervalMs: (general.health_check_interval || 15) * 1000,
    backgroundHealthChecks: general.background_health_checks ?? true,
    cache: buildCacheSettings(settings, context),
    prometheusOnMainPort: [...successCallbacks, ...failureCallbacks].includes('prometheus'),
    requireAuthForMetrics: litellm.require_auth_for_metrics_endpoint ?? true,
    maxRequestBytes: Math.floor((general.max_request_size_mb ?? 32) * mebibyte),
    ...userHeadersOf(general, context),
    spendRetentionDays: daysOf(signalbox.spend_retention ?? general.maximum_spend_logs_retention_period),
    savingsReference: savingsReferenceOf(signalbox.savings_reference, context),
    queueComments: signalbox.queue_comments ?? true,
    maxModelWaitMs: (signalbox.max_model_wait || 20) * 1000,
    maxQueueLength: signalbox.max_queue_length ?? 256,
    keepWarm: listOf(signalbox.keep_warm),
    autoPull: signalbox.auto_pull ?? false,
    usageSpan: signalbox.usage_span ?? 'link',
    ...(signalbox.trace_content === undefined || signalbox.trace_content === 'none'
      ? {}
      : { traceContent: signalbox.trace_content }),
    ...(signalbox.metrics_semconv === true ? { conventionalMetrics: true } : {}),
    verbose: litellm.set_verbose ?? false,
    variables: context.variables.refs(),
    extras: { ...extras, ...(general.alert_types === undefined ? {} : { alert_types: listOf(general.alert_types) }) },
  };
}

/** The config's key, else LITELLM_MASTER_KEY; an unset variable is an error: an open gateway must be asked for. */
function masterKeyOf(written: string | undefined, context: BuildContext): SecretRef | null {
  const path = ['general_settings', 'master_key'];
  if (written === undefined) {
    return context.variables.value('LITELLM_MASTER_KEY') === undefined
      ? null
      : context.variables.ref('LITELLM_MASTER_KEY');
  }
  const missing = missingAt(path, context);
  if (missing !== null)
    context.problems.error(path, `the environment variable ${missing} is not set; without it nobody could sign in`);
  const ref = secretAt(path, written, context);
  if (ref.from === 'file')
    context.problems.note(path, 'the key stands in the file; os.environ/LITELLM_MASTER_KEY keeps it out');
  return ref;
}

function databaseOf(written: string | undefined, context: BuildContext): SecretRef | null {
  const path = ['general_settings', 'database_url'];
  const missing = missingAt(path, context);
  if (written === undefined) return null;
  if (missing === null) {
    const ref = secretAt(path, written, context);
    if (ref.from === 'file' && !isPostgresUrl(written)) context.problems.error(path, notPostgres);
    return ref;
  }
  context.problems.note(path, `the environment variable ${missing} is not set: the embedded database is used`);
  return null;
}

function missingAt(path: readonly string[], context: BuildContext): string | null {
  return context.references.missing.find((missing) => missing.path.join('.') === path.join('.'))?.name ?? null;
}

function originsOf(written: string | readonly string[], context: BuildContext): string[] {
  const origins = listOf(written)
    .flatMap((origin) => origin.split(','))
    .map((origin) => origin.trim().replace(/\/+$/, '').toLowerCase())
    .filter((origin) => origin !== '');
  for (const origin of origins) {
    if (origin === '*' || originForm.test(origin)) continue;
    const path = ['signalbox', 'cors_origins'];
    context.problems.error(path, `'${origin}' is no origin: write it as browsers do, e.g. 'https://chat.example'`);
  }
  return origins;
}

/** A scheme and a host, nothing behind; apps have schemes of their own (`app://obsidian.md`). */
const originForm = /^[a-z][a-z0-9+.-]*:\/\/[^\s/?#@]+$/i;

function timezoneOf({ signalbox, litellm }: Settings, machine: string, context: BuildContext): string {
  const zone = signalbox.timezone ?? litellm.timezone;
  if (zone === undefined) return machine;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone;
  } catch {
    const path = signalbox.timezone === undefined ? ['litellm_settings', 'timezone'] : ['signalbox', 'timezone'];
    context.problems.error(path, `there is no time zone '${zone}'; use an IANA name such as Europe/Berlin`);
    return machine;
  }
}

function budgetOf({ litellm }: Settings, context: BuildContext) {
  const { max_budget: budget, budget_duration: duration } = litellm;
  if (budget !== undefined && duration === undefined) {
    context.problems.note(['litellm_settings', 'max_budget'], 'without budget_duration this budget is never renewed');
  }
  // LiteLLM reads 0 as no budget.
  return {
    maxBudget: budget === undefined || budget === 0 ? null : String(budget),
    budgetDuration: duration ?? null,
    budgetExceededStatus: litellm.budget_exceeded_status_code ?? 429,
  };
}

/** Headers that name the end user. LiteLLM also maps some to users, who are known by their keys here. */
function userHeadersOf(general: AllSettings['general'], context: BuildContext): { userHeaders?: string[] } {
  const { user_header_name: single, user_header_mappings: mappings = [] } = general;
  const named = (Array.isArray(mappings) ? mappings : [mappings]).flatMap(
    ({ header_name, litellm_user_role: role }) => {
      if (role === undefined || role === 'customer' || role === 'end_user') return header_name;
      const path = ['general_settings', 'user_header_mappings'];
      context.problems.warning(
        path,
        `'${header_name}' has no effect: only headers of customers are read, not of '${role}'`,
      );
      return [];
    },
  );
  const headers = [...named, ...(single === undefined ? [] : [single])].map((name) => name.trim().toLowerCase());
  return headers.length === 0 ? {} : { userHeaders: [...new Set(headers)] };
}

function alertingOf(channels: readonly string[], context: BuildContext): string[] {
  const path = ['general_settings', 'alerting'];
  const variables: Readonly<Record<string, string>> = { webhook: 'WEBHOOK_URL', slack: 'SLACK_WEBHOOK_URL' };
  return channels.filter((channel) => {
    const variable = Object.hasOwn(variables, channel) ? variables[channel] : undefined;
    if (variable === undefined) context.problems.warning(path, `'${channel}' is not supported, only webhook and slack`);
    else if (context.variables.value(variable) === undefined) {
      context.problems.warning(path, `'${channel}' reaches nobody: the environment variable ${variable} is not set`);
    }
    return variable !== undefined;
  });
}

type CallbackKey = 'callbacks' | 'success_callback' | 'failure_callback';

function knownCallbacks(key: CallbackKey, { litellm }: Settings, context: BuildContext): string[] {
  const path = ['litellm_settings', key];
  return listOf(litellm[key]).filter((name) => {
    const isKnown = name === 'prometheus' || callbackNames.includes(name);
    const missing = missingForCallback(name, (variable) => context.variables.value(variable));
    if (!isKnown) {
      const names = ['prometheus', ...callbackNames].join(', ');
      context.problems.warning(path, `'${name}' is not supported, only ${names}`);
    } else if (missing.length > 0) {
      context.problems.warning(path, `${name} gets nothing: ${missing.join(' and ')} not set`);
    }
    return isKnown;
  });
}

const daysOf = (duration: string | undefined) => (duration === undefined ? null : durationDays(duration));

/** As `provider/model`, or a bare name of OpenAI's. */
function savingsReferenceOf(written: string | undefined, context: BuildContext): string {
  const name = written ?? 'gpt-4o';
  const target = resolveModelName(name);
  if (target.kind !== 'model' || findPrice(target.provider.name, target.model) === null) {
    context.problems.warning(
      ['signalbox', 'savings_reference'],
      `no price is known for '${name}': no savings are shown`,
    );
    return name;
  }
  return target.provider.name === 'openai' ? name : `${target.provider.name}/${target.model}`;
}
