/** `router_settings`, and what of the other sections routing needs. Where both say it, router_settings wins. */
import type { z } from 'zod';
import { strategyNames, type DataPolicy, type RoutingSettings, type StrategyName } from '#contracts';
import type { LitellmSettings, RouterSettings } from '../schema/section-schemas.js';
import type { SignalboxSettings } from '../schema/signalbox-schema.js';
import { listOf } from '../schema/value-types.js';
import { didYouMean } from '../source/closest-name.js';
import { describeValue, isPlainMap, type PlainMap } from '../source/plain-map.js';
import type { BuildContext } from './build-context.js';
import { readErrorClasses } from './error-classes.js';
import { readFallbacks } from './fallbacks.js';

export interface Settings {
  readonly router: z.output<typeof RouterSettings>;
  readonly litellm: z.output<typeof LitellmSettings>;
  readonly signalbox: z.output<typeof SignalboxSettings>;
}

/** What holds for deployments that do not say it themselves. */
export interface DeploymentDefaults {
  readonly timeoutMs: number;
  readonly streamTimeoutMs: number | null;
  readonly loadTimeoutMs: number;
  readonly dropParams: boolean;
  readonly maxParallelRequests: number | null;
  readonly dataPolicies: Readonly<Record<string, DataPolicy>>;
  readonly hostParallelRequests: Readonly<Record<string, number>>;
}

/** The first that is set and not 0 (LiteLLM reads 0 as unset), in milliseconds. */
function firstMs(...seconds: readonly (number | undefined)[]): number | null {
  const found = seconds.find((value) => value !== undefined && value > 0);
  return found === undefined ? null : found * 1000;
}

/** Defaults of deployments. LiteLLM waits 6,000 s by default; ten minutes is what its users set, and ours. */
export function deploymentDefaults({ router, litellm, signalbox }: Settings): DeploymentDefaults {
  return {
    timeoutMs: firstMs(router.timeout, litellm.request_timeout) ?? 600_000,
    streamTimeoutMs: firstMs(router.stream_timeout),
    loadTimeoutMs: firstMs(signalbox.load_timeout) ?? 300_000,
    dropParams: litellm.drop_params ?? false,
    maxParallelRequests: router.default_max_parallel_requests ?? null,
    dataPolicies: signalbox.data_policy ?? {},
    hostParallelRequests: withoutSlashes(signalbox.host_parallel_requests ?? {}),
  };
}

const withoutSlashes = (byHost: Readonly<Record<string, number>>) =>
  Object.fromEntries(Object.entries(byHost).map(([host, slots]) => [host.replace(/\/+$/, ''), slots]));

/** The routing part of the snapshot. */
export function buildRoutingSettings(settings: Settings, context: BuildContext): RoutingSettings {
  const { router, litellm, signalbox } = settings;
  const fallbacks = (key: 'fallbacks' | 'context_window_fallbacks' | 'content_policy_fallbacks') =>
    readFallbacks(settings, key, context);
  return {
    strategy: strategyOf(router.routing_strategy, context),
    strategyArgs: router.routing_strategy_args ?? {},
    numRetries: router.num_retries ?? litellm.num_retries ?? 2,
    retryAfterMs: (router.retry_after ?? 0) * 1000,
    retryPolicy: readErrorClasses(router.retry_policy ?? {}, 'Retries', ['router_settings', 'retry_policy'], context),
    groupRetryPolicy: groupRetryPolicyOf(router.model_group_retry_policy ?? {}, context),
    allowedFails: router.allowed_fails ?? litellm.allowed_fails ?? 3,
    allowedFailsPolicy: readErrorClasses(
      router.allowed_fails_policy ?? {},
      'AllowedFails',
      ['router_settings', 'allowed_fails_policy'],
      context,
    ),
    cooldownMs: firstMs(router.cooldown_time, litellm.cooldown_time) ?? 5_000,
    disableCooldowns: router.disable_cooldowns ?? false,
    maxFallbacks: router.max_fallbacks ?? 5,
    fallbacks: fallbacks('fallbacks'),
    defaultFallbacks: listOf(router.default_fallbacks ?? litellm.default_fallbacks),
    contextWindowFallbacks: fallbacks('context_window_fallbacks'),
    contentPolicyFallbacks: fallbacks('content_policy_fallbacks'),
    aliases: aliasesOf(settings),
    enableTagFiltering: router.enable_tag_filtering ?? false,
    tagFilteringMatchAny: router.tag_filtering_match_any ?? true,
    firstTokenTimeoutMs: firstMs(signalbox.first_token_timeout),
    unknownModel: signalbox.unknown_model ?? 'reject',
    contextOverflow: signalbox.context_overflow ?? 'reject',
  };
}

const otherStrategyNames: Readonly<Record<string, StrategyName>> = {
  'latency-based': 'latency-based-routing',
  'cost-based': 'cost-based-routing',
  'usage-based': 'usage-based-routing-v2',
  'usage-based-routing': 'usage-based-routing-v2',
  latency: 'latency-based-routing',
  cost: 'cost-based-routing',
  usage: 'usage-based-routing-v2',
  shuffle: 'simple-shuffle',
  least_busy: 'least-busy',
  simple_shuffle: 'simple-shuffle',
};

function strategyOf(written: string | undefined, context: BuildContext): StrategyName | null {
  if (written === undefined) return null;
  const known = strategyNames.find((name) => name === written);
  if (known !== undefined) return known;
  const path = ['router_settings', 'routing_strategy'];
  const meant = Object.hasOwn(otherStrategyNames, written) ? otherStrategyNames[written] : undefined;
  if (meant !== undefined) context.problems.note(path, `'${written}' is read as ${meant}`);
  else
    context.problems.error(
      path,
      `there is no strategy '${written}'.${didYouMean(written, strategyNames)} Known: ${strategyNames.join(', ')}`,
    );
  return meant ?? null;
}

function groupRetryPolicyOf(written: PlainMap, context: BuildContext): RoutingSettings['groupRetryPolicy'] {
  const policies: RoutingSettings['groupRetryPolicy'] = {};
  for (const [model, policy] of Object.entries(written)) {
    const path = ['router_settings', 'model_group_retry_policy', model];
    if (isPlainMap(policy)) policies[model] = readErrorClasses(policy, 'Retries', path, context);
    else context.problems.error(path, `must be a map such as {TimeoutErrorRetries: 1}, is ${describeValue(policy)}`);
  }
  return policies;
}

function aliasesOf({ router, litellm }: Settings): RoutingSettings['aliases'] {
  const aliases: RoutingSettings['aliases'] = {};
  for (const [alias, model] of Object.entries(litellm.model_alias_map ?? {})) aliases[alias] = { model, hidden: false };
  for (const [alias, target] of Object.entries(router.model_group_alias ?? {})) {
    aliases[alias] =
      typeof target === 'string'
        ? { model: target, hidden: false }
        : { model: target.model, hidden: target.hidden ?? false };
  }
  return aliases;
}

/** The paths at which an alias may stand, for messages. */
export function aliasPath(alias: string, { router }: Settings): (string | number)[] {
  const isGroupAlias = isPlainMap(router.model_group_alias) && Object.hasOwn(router.model_group_alias, alias);
  return isGroupAlias
    ? ['router_settings', 'model_group_alias', alias]
    : ['litellm_settings', 'model_alias_map', alias];
}
