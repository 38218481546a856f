/** Which limits a request falls under, and what its answer says about them. */
import { memberId, type KeyRecord, type LimitState, type LimitTake, type RateLimits } from '#contracts';

/** The limits of one owner (`key/k1`, `team/t1`): counted together, all or none. */
export interface OwnerLimits {
  readonly owner: string;
  readonly takes: readonly LimitTake[];
}

type ModelLimits = Readonly<Record<string, number>>;

const minuteMs = 60_000;
const secondMs = 1_000;
/** Longest time that a request counts as running, where its end was never heard of. */
export const longestRequestMs = 3_600_000;

/**
 * Every limit that a request of `key` for `model` falls under; empty for keys without limits. `tokens`: what it may use
 * at most, settled to the truth when it is over. Models are matched by the first of `models` that a limit names.
 */
export function limitsOf(key: KeyRecord, models: readonly string[], tokens: number): OwnerLimits[] {
  const ofModel = (rpm: ModelLimits, tpm: ModelLimits) => modelTakes(rpm, tpm, models, tokens);
  const own = [...takesOf(key.limits, tokens), ...ofModel(key.modelRpm, key.modelTpm)];
  const owners: OwnerLimits[] = [{ owner: `key/${key.id}`, takes: own }];
  const add = (owner: string, limits: RateLimits | null, rpm: ModelLimits, tpm: ModelLimits) =>
    owners.push({ owner, takes: [...(limits === null ? [] : takesOf(limits, tokens)), ...ofModel(rpm, tpm)] });
  if (key.teamId !== null) add(`team/${key.teamId}`, key.teamLimits, key.teamModelRpm, key.teamModelTpm);
  if (key.userId !== null) add(`user/${key.userId}`, key.userLimits, key.userModelRpm, key.userModelTpm);
  if (key.teamId !== null && key.userId !== null)
    add(`member/${memberId(key.teamId, key.userId)}`, key.memberLimits, {}, {});
  return owners.filter(({ takes }) => takes.length > 0);
}

/** Limits for single models, by the first of the model's names that has one. */
function modelTakes(rpm: ModelLimits, tpm: ModelLimits, models: readonly string[], tokens: number): LimitTake[] {
  const take = (kind: 'requests' | 'tokens', limits: ModelLimits, amount: number): LimitTake[] => {
    const name = models.find((model) => Object.hasOwn(limits, model));
    if (name === undefined) return [];
    const limit = limits[name] ?? 0;
    return [{ kind, name, limit, windowMs: minuteMs, amount: Math.min(amount, Math.max(1, limit)) }];
  };
  return [...take('requests', rpm, 1), ...take('tokens', tpm, tokens)];
}

function takesOf({ rpm, rps, tpm, maxParallelRequests }: RateLimits, tokens: number): LimitTake[] {
  const takes: LimitTake[] = [];
  const add = (kind: LimitTake['kind'], limit: number | null, windowMs: number, amount: number) => {
    if (limit !== null) takes.push({ kind, name: '', limit, windowMs, amount });
  };
  add('parallel', maxParallelRequests, longestRequestMs, 1);
  add('requests', rps, secondMs, 1);
  add('requests', rpm, minuteMs, 1);
  // More than the whole limit could never pass: it takes all of it instead.
  add('tokens', tpm, minuteMs, tpm === null ? 0 : Math.min(tokens, Math.max(1, tpm)));
  return takes;
}

/** `x-ratelimit-*` of the tightest limit of requests and of tokens. */
export function limitHeaders(states: readonly LimitState[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const kind of ['requests', 'tokens'] as const) {
    const [tightest] = states
      .filter((state) => state.kind === kind)
      .sort((a, b) => share(a) - share(b) || a.limit - b.limit);
    if (tightest === undefined) continue;
    headers[`x-ratelimit-limit-${kind}`] = String(tightest.limit);
    headers[`x-ratelimit-remaining-${kind}`] = String(tightest.remaining);
    headers[`x-ratelimit-reset-${kind}`] = resetText(tightest.resetMs);
  }
  return headers;
}

function share({ remaining, limit }: LimitState): number {
  return limit === 0 ? 0 : remaining / limit;
}

/** A span as OpenAI writes it: `120ms`, `6s`, `1m30s`, `2h0m0s`. */
export function resetText(ms: number): string {
  if (ms < 1_000) return `${Math.ceil(ms)}ms`;
  const all = Math.ceil(ms / 1_000);
  const [hours, minutes, seconds] = [Math.floor(all / 3_600), Math.floor(all / 60) % 60, all % 60];
  if (hours > 0) return `${hours}h${minutes}m${seconds}s`;
  return minutes > 0 ? `${minutes}m${seconds}s` : `${seconds}s`;
}

/** What a refusal says: `60 requests per minute for key 'bot'`. */
export function limitText({ kind, name, limit }: LimitState, windowMs: number, whose: string): string {
  const per = windowMs === secondMs ? 'second' : 'minute';
  const model = name === '' ? '' : ` of model '${name}'`;
  return kind === 'parallel'
    ? `${limit} parallel requests${model} for ${whose}`
    : `${limit} ${kind} per ${per}${model} for ${whose}`;
}
