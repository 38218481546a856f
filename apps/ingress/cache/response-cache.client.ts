/**
 * The response cache: finds and keeps answers on the configured shelf. A shelf that fails or is slow never holds a request
 * up for long (guarded-shelf.client.ts), which is counted and logged once.
 */
import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Bus } from '#bus';
import type {
  Attempt,
  CachedAnswer,
  DataPolicy,
  Deployment,
  GeneralSettings,
  KeyRecord,
  Plan,
  SecretRef,
} from '#contracts';
import { Secrets, Snapshots } from '#service';
import { Logger, Metrics } from '#telemetry';
import { StoredAnswer, type CacheControls } from '#wire';
import type { ParsedRequest } from '../completion/request-facts.js';
import type { AnswerShelf } from './answer-shelf.js';
import { cacheKeyOf, cacheScopeOf, settingsDigestOf } from './cache-key.js';
import { cacheUseOf, isUsable, isWhole, type CacheUse } from './cache-use.js';
import { GuardedShelf } from './guarded-shelf.client.js';
import { memoryShelf } from './memory-shelf.js';
import { natsShelf } from './nats-shelf.client.js';
import { redisShelf } from './redis-shelf.client.js';

type CacheSettings = GeneralSettings['cache'];

/** What the cache has to know of a request. */
export interface CacheRequest {
  readonly key: Pick<KeyRecord, 'id' | 'teamId'>;
  readonly model: string;
  readonly parsed: ParsedRequest;
  readonly controls: CacheControls | undefined;
  readonly dataPolicy: DataPolicy | null;
}

/** A request that may use the cache. */
export interface CacheTicket {
  readonly use: CacheUse;
  readonly request: CacheRequest;
  /** The key of this request's answer by a model group. */
  keyFor(modelGroup: string): string;
}

export interface CacheHit {
  readonly key: string;
  readonly entry: CachedAnswer;
}

@Injectable()
export class ResponseCache implements OnModuleInit, OnApplicationShutdown {
  private readonly memory = memoryShelf(() => Date.now());
  private shelf = this.guarded(this.memory, 'local');
  private shelfSettings = '';

  constructor(
    private readonly bus: Bus,
    private readonly secrets: Secrets,
    private readonly snapshots: Snapshots,
    private readonly logger: Logger,
    private readonly metrics: Metrics,
  ) {
    const results = ['hit', 'miss', 'bypass', 'error'];
    metrics.expect('signalbox_cache_requests_total', ...results.map((result) => ({ result })));
  }

  onModuleInit(): void {
    this.snapshots.onChange(({ general }) => this.follow(general.cache));
  }

  onApplicationShutdown(): Promise<void> {
    return this.shelf.stop();
  }

  /** How a request uses the cache; null where it does not. */
  ticketFor(request: CacheRequest): CacheTicket | null {
    const settings = this.snapshots.current()?.general.cache;
    if (settings?.enabled !== true) return null;
    const { key, model, parsed, controls, dataPolicy } = request;
    const use = cacheUseOf(settings, controls, parsed.kind, dataPolicy);
    if (use?.read !== true) this.metrics.count('signalbox_cache_requests_total', { result: 'bypass' });
    if (use === null) return null;
    const scope = cacheScopeOf(key, settings.scope);
    const namespaces = [settings.namespace, controls?.namespace ?? null];
    const keys = new Map<string, string>();
    return {
      use,
      request,
      keyFor: (modelGroup) => {
        const known = keys.get(modelGroup);
        if (known !== undefined) return known;
        const made = cacheKeyOf({ scope, namespaces, dataPolicy, modelGroup, model, parsed });
        keys.set(modelGroup, made);
        return made;
      },
    };
  }

  /** The answer that was kept for the model that was asked, or else for the one that would be tried first. Never throws. */
  async find(ticket: CacheTicket, plan: Plan): Promise<CacheHit | null> {
    if (!ticket.use.read) return null;
    const groups = new Set([plan.modelGroup, plan.attempts[0]?.modelGroup ?? plan.modelGroup]);
    for (const group of groups) {
      const key = ticket.keyFor(group);
      const entry = await this.ask(ticket.use, (shelf) => shelf.get(key));
      if (entry === undefined) {
        this.metrics.count('signalbox_cache_requests_total', { result: 'error' });
        return null;
      }
      if (entry === null) continue;
      const deployment = this.deploymentOf(entry.deploymentId);
      if (!isUsable(entry, ticket.use, deployment, ticket.request.dataPolicy, Date.now())) continue;
      this.metrics.count('signalbox_cache_requests_total', { result: 'hit' });
      return { key, entry };
    }
    this.metrics.count('signalbox_cache_requests_total', { result: 'miss' });
    return null;
  }

  /** Keeps a finished answer in its neutral form, if it is worth keeping. Never throws. */
  async keepAnswer(ticket: CacheTicket, attempt: Attempt, answer: unknown): Promise<void> {
    const stored = StoredAnswer.safeParse(answer);
    const { parsed } = ticket.request;
    const generates = parsed.kind === 'chat' || parsed.kind === 'completion';
    const asked = generates ? (parsed.request.maxTokens ?? null) : null;
    if (!stored.success || !isWhole(stored.data, asked)) return this.counted('skipped');
    await this.keep(ticket, attempt, { kind: 'answer', answer: stored.data });
  }

  /** Keeps the body of an answer as it was sent. Never throws. */
  async keepBody(ticket: CacheTicket, attempt: Attempt, text: string, inputTokens: number): Promise<void> {
    await this.keep(ticket, attempt, { kind: 'body', text, inputTokens });
  }

  private async keep(ticket: CacheTicket, attempt: Attempt, content: CachedAnswer['content']): Promise<void> {
    const deployment = this.deploymentOf(attempt.deploymentId);
    // An answer to a shortened prompt is none to the whole one.
    if (!ticket.use.write || deployment === undefined || attempt.truncateToTokens !== null) {
      return this.counted('skipped');
    }
    const { ttlMs } = ticket.use;
    const now = Date.now();
    const entry: CachedAnswer = {
      v: 1,
      storedAtMs: now,
      expiresAtMs: now + Math.ceil(ttlMs),
      deploymentId: attempt.deploymentId,
      modelGroup: attempt.modelGroup,
      upstreamModel: attempt.upstreamModel,
      backendId: attempt.backend.id,
      provider: attempt.backend.provider,
      settings: settingsDigestOf(deployment),
      content,
    };
    const kept = await this.ask(ticket.use, (shelf) => shelf.put(ticket.keyFor(attempt.modelGroup), entry, ttlMs));
    this.counted(kept === undefined ? 'error' : kept ? 'stored' : 'skipped');
  }

  private counted(result: 'stored' | 'skipped' | 'error'): void {
    this.metrics.count('signalbox_cache_writes_total', { result });
  }

  private deploymentOf(id: string): Deployment | undefined {
    return this.snapshots.current()?.deployments.find((deployment) => deployment.id === id);
  }

  /** What the shelf says; undefined where it is away or too slow. */
  private ask<T>(use: CacheUse, question: (shelf: AnswerShelf) => Promise<T>): Promise<T | undefined> {
    return use.place === 'local' ? question(this.memory) : this.shelf.ask(question);
  }

  private guarded(shelf: AnswerShelf, type: CacheSettings['type']): GuardedShelf {
    const away = 'the response cache does not answer: requests go on without it';
    const events = {
      away: (error: unknown) => this.logger.warn({ err: error, type }, away),
      back: () => this.logger.info({ type }, 'the response cache is back'),
    };
    return new GuardedShelf(shelf, events, () => performance.now());
  }

  private follow(settings: CacheSettings): void {
    const wanted = JSON.stringify([settings.enabled, settings.type, settings.redis]);
    if (wanted === this.shelfSettings) return;
    this.shelfSettings = wanted;
    const before = this.shelf;
    this.shelf = this.guarded(this.shelfFor(settings), settings.type);
    void before.stop();
  }

  private shelfFor(settings: CacheSettings): AnswerShelf {
    if (!settings.enabled || settings.type === 'local') return this.memory;
    if (settings.type === 'nats') return natsShelf(this.bus);
    const { redis = null } = settings;
    const url = this.reveal(redis?.url ?? null);
    if (redis === null || (url === null && redis.host === null)) {
      this.logger.error({}, 'the address of Redis is not known here: answers are kept in this process only');
      return this.memory;
    }
    return redisShelf({ ...redis, url, password: this.reveal(redis.password) });
  }

  private reveal(ref: SecretRef | null): string | null {
    if (ref === null) return null;
    try {
      return this.secrets.resolve(ref)?.reveal() ?? null;
    } catch (error) {
      this.logger.error({ err: error, ref }, "the response cache's secret cannot be read");
      return null;
    }
  }
}
