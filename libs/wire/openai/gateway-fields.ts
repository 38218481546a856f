/**
 * The fields of a request that are for the gateway and never go upstream: LiteLLM's per-request settings
 * (docs.litellm.ai, "proxy: clientside auth" and "reliability"). Read from every client dialect.
 */
import { type Fields, bodyLimits, isJsonObject, present, unsupported, wrongType, type JsonObject } from './fields.js';

/** Response-cache controls of one request (LiteLLM's `cache`). Absent = the client did not say. */
export interface CacheControls {
  readonly noCache?: boolean;
  readonly noStore?: boolean;
  readonly useCache?: boolean;
  readonly ttlSeconds?: number;
  readonly maxAgeSeconds?: number;
  readonly namespace?: string;
}

/** A failure of the asked model that the client wants to see handled (LiteLLM's `mock_testing_*` and `mock_timeout`). */
export type StagedFailure = 'error' | 'context_length' | 'content_policy' | 'rate_limit' | 'timeout';

export interface GatewayFields {
  /** Models to try instead, best first. */
  readonly fallbacks?: readonly string[];
  readonly contextWindowFallbacks?: readonly string[];
  readonly contentPolicyFallbacks?: readonly string[];
  readonly disableFallbacks?: boolean;
  readonly numRetries?: number;
  readonly timeoutMs?: number;
  readonly streamTimeoutMs?: number;
  /** From `tags` and `metadata.tags`, each once. */
  readonly tags: readonly string[];
  readonly metadata?: Readonly<JsonObject>;
  readonly cache?: CacheControls;
  /** End user as the client names it. */
  readonly user?: string;
  readonly dropParams?: boolean;
  readonly additionalDropParams?: readonly string[];
  readonly allowedOpenaiParams?: readonly string[];
  readonly stagedFailure?: StagedFailure;
}

/** Their names in a body, for endpoints that pass on everything else. */
export const gatewayFieldNames: ReadonlySet<string> = new Set([
  'fallbacks',
  'context_window_fallbacks',
  'content_policy_fallbacks',
  'disable_fallbacks',
  'num_retries',
  'timeout',
  'request_timeout',
  'stream_timeout',
  'tags',
  'metadata',
  'litellm_metadata',
  'cache',
  'drop_params',
  'additional_drop_params',
  'allowed_openai_params',
  'extra_body',
  'api_base',
  'base_url',
  'api_key',
]);

/** Would point the gateway's request, and possibly its keys, at an address of the client's choice. */
const refused = ['api_base', 'base_url', 'api_key'] as const;

/** Answers that no model gave: nobody could tell them from real ones in the ledger. */
const made = ['mock_response', 'mock_tool_calls', 'mock_delay'] as const;

const stagedFailures = [
  ['mock_testing_fallbacks', 'error'],
  ['mock_testing_context_fallbacks', 'context_length'],
  ['mock_testing_content_policy_fallbacks', 'content_policy'],
  ['mock_testing_rate_limit_error', 'rate_limit'],
  ['mock_timeout', 'timeout'],
] as const;

/** The gateway's fields of a body. Throws a `BodyProblem` for client-side credentials and wrong types. */
export function readGatewayFields(fields: Fields, model: string): GatewayFields {
  for (const name of refused) {
    if (fields.raw(name) !== undefined) {
      throw unsupported(name, 'cannot be set by a request: upstream addresses and keys belong to the gateway.');
    }
  }
  for (const name of made) {
    if (fields.raw(name) !== undefined) {
      throw unsupported(name, 'is not supported by this gateway: answers come from models only. Leave it out.');
    }
  }
  const metadata = fields.record('metadata') ?? fields.record('litellm_metadata');
  return present({
    fallbacks: readModelNames(fields, 'fallbacks', model),
    contextWindowFallbacks: readModelNames(fields, 'context_window_fallbacks', model),
    contentPolicyFallbacks: readModelNames(fields, 'content_policy_fallbacks', model),
    disableFallbacks: fields.boolean('disable_fallbacks'),
    numRetries: fields.integer('num_retries', 0, 100),
    timeoutMs: readSeconds(fields, 'timeout') ?? readSeconds(fields, 'request_timeout'),
    streamTimeoutMs: readSeconds(fields, 'stream_timeout'),
    tags: readTags(fields, metadata),
    metadata,
    cache: readCacheControls(fields.object('cache')),
    user: readUser(fields, metadata),
    dropParams: fields.boolean('drop_params'),
    additionalDropParams: fields.strings('additional_drop_params', bodyLimits.names),
    allowedOpenaiParams: fields.strings('allowed_openai_params', bodyLimits.names),
    stagedFailure: stagedFailures.find(([name]) => fields.boolean(name) === true)?.[1],
  });
}

function readSeconds(fields: Fields, name: string): number | undefined {
  const seconds = fields.number(name, 0, 86_400);
  return seconds === undefined || seconds === 0 ? undefined : Math.ceil(seconds * 1000);
}

/** A name, `{model: name}`, or LiteLLM's map `{for: [names]}`, of which only the entry of this model (or `*`) counts. */
function readModelNames(fields: Fields, name: string, model: string): string[] | undefined {
  return fields.array(name, bodyLimits.names)?.flatMap((item, index): string[] => {
    if (typeof item === 'string') return [item];
    if (!isJsonObject(item)) throw wrongType(`${fields.pathOf(name)}[${index}]`, 'one of a string or an object', item);
    if (typeof item['model'] === 'string') return [item['model']];
    const own = Object.hasOwn(item, model) ? item[model] : item['*'];
    return Array.isArray(own) ? own.filter((entry) => typeof entry === 'string') : [];
  });
}

function readTags(fields: Fields, metadata: JsonObject | undefined): string[] {
  const top = fields.strings('tags', bodyLimits.names) ?? [];
  const nested: unknown = metadata?.['tags'];
  const more = Array.isArray(nested) ? nested.filter((tag) => typeof tag === 'string').slice(0, bodyLimits.names) : [];
  return [...new Set([...top, ...more])];
}

/** OpenAI's `user`, Anthropic's `metadata.user_id`, or what OpenAI has instead of `user` now. */
function readUser(fields: Fields, metadata: JsonObject | undefined): string | undefined {
  const user = fields.string('user');
  if (user !== undefined && user !== '') return user;
  const others: unknown[] = [metadata?.['user_id'], fields.raw('safety_identifier')];
  return others.find((one): one is string => typeof one === 'string' && one !== '');
}

function readCacheControls(cache: Fields | undefined): CacheControls | undefined {
  if (cache === undefined) return undefined;
  return present({
    noCache: cache.boolean('no-cache'),
    noStore: cache.boolean('no-store'),
    useCache: cache.boolean('use-cache'),
    ttlSeconds: cache.number('ttl', 0),
    maxAgeSeconds: cache.number('s-maxage', 0) ?? cache.number('s-max-age', 0),
    namespace: cache.string('namespace'),
  });
}
