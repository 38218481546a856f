/** `litellm_settings.cache` and `cache_params`, and `signalbox.cache_scope`. */
import type { GeneralSettings } from '#contracts';
import { listOf } from '../schema/value-types.js';
import { secretAt, type BuildContext } from './build-context.js';
import type { Settings } from './routing-settings.js';

type CacheSettings = GeneralSettings['cache'];
type CallType = NonNullable<CacheSettings['callTypes']>[number];
type Written = NonNullable<Settings['litellm']['cache_params']>;

const place = ['litellm_settings', 'cache_params'] as const;

/** LiteLLM's names of calls; `a...` is its asynchronous form of the same. */
const callTypes: ReadonlyMap<string, CallType> = new Map(
  Object.entries<CallType>({
    completion: 'chat',
    responses: 'chat',
    anthropic_messages: 'chat',
    text_completion: 'completion',
    embedding: 'embedding',
  }),
);

/** The cache's part of the snapshot. LiteLLM's default type is Redis; ours needs no server beside the suite's own. */
export function buildCacheSettings({ litellm, signalbox }: Settings, context: BuildContext): CacheSettings {
  const written = litellm.cache_params ?? {};
  const enabled = litellm.cache ?? false;
  if (litellm.cache_params !== undefined && !enabled)
    context.problems.warning([...place], 'without `cache: true` there is no cache');
  const type = typeOf(written, enabled, context);
  return {
    enabled,
    type,
    ttlMs: (written.ttl || 600) * 1000,
    scope: signalbox.cache_scope ?? 'team',
    mode: written.mode ?? 'default_on',
    namespace: written.namespace ?? null,
    callTypes: callTypesOf(written, context),
    redis: type === 'redis' ? redisOf(written, context) : null,
  };
}

function typeOf(written: Written, enabled: boolean, context: BuildContext): CacheSettings['type'] {
  const path = [...place, 'type'];
  const { type } = written;
  if (type === undefined || type === 'nats' || type === 'local') return type ?? 'nats';
  if (type !== 'redis') {
    context.problems.warning(path, `'${type}' is not supported; the built-in cache is used`);
    return 'nats';
  }
  const inFile = written.url !== undefined || written.host !== undefined;
  const inEnvironment = ['REDIS_URL', 'REDIS_HOST'].some((name) => context.variables.value(name) !== undefined);
  if (inFile || inEnvironment) return 'redis';
  if (enabled) context.problems.warning(path, 'neither REDIS_URL nor REDIS_HOST is set: the built-in cache is used');
  return 'nats';
}

function redisOf(written: Written, context: BuildContext): NonNullable<CacheSettings['redis']> {
  const { variables } = context;
  const secret = (key: 'url' | 'password', name: string) => {
    const text = written[key];
    if (text !== undefined) return secretAt([...place, key], text, context);
    return variables.value(name) === undefined ? null : variables.ref(name);
  };
  // The file's host is meant where it stands without a URL, whatever the environment says.
  const url = written.host !== undefined && written.url === undefined ? null : secret('url', 'REDIS_URL');
  const port = Number(written.port ?? variables.value('REDIS_PORT') ?? '');
  return {
    url,
    host: written.host ?? variables.value('REDIS_HOST') ?? null,
    port: Number.isInteger(port) && port > 0 && port < 65_536 ? port : null,
    username: written.username ?? variables.value('REDIS_USERNAME') ?? null,
    password: secret('password', 'REDIS_PASSWORD'),
    tls: written.ssl ?? false,
  };
}

function callTypesOf(written: Written, context: BuildContext): CallType[] | null {
  if (written.supported_call_types === undefined) return null;
  const path = [...place, 'supported_call_types'];
  const known = listOf(written.supported_call_types).flatMap((name) => {
    const type = callTypes.get(name) ?? callTypes.get(name.replace(/^a/, ''));
    if (type === undefined) context.problems.warning(path, `'${name}' is not cached here`);
    return type === undefined ? [] : [type];
  });
  if (known.length === 0) context.problems.warning(path, 'nothing is left to cache');
  return [...new Set(known)];
}
