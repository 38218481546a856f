/**
 * Probes every backend in its own rhythm, listens to outcomes, and publishes judgements. Only the active one of several
 * replicas does; a standby listens and takes over within seconds.
 */
import { randomUUID } from 'node:crypto';
import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Bus, type Bucket } from '#bus';
import {
  BackendNews,
  HealthBucket,
  LookNow,
  type AttemptOutcomeEvent,
  type Backend,
  type BackendHealth,
  type ConfigSnapshot,
} from '#contracts';
import { Ownership, Snapshots } from '#service';
import { Logger, Metrics } from '#telemetry';
import { BackendProber } from './backend-prober.client.js';
import { CredentialAlert } from './credential-alert.publisher.js';
import { credentialProblem } from './credential-problem.js';
import {
  afterNoWorker,
  afterOutcome,
  afterProbe,
  healthMessage,
  isNews,
  unknownBackend,
  type Judgement,
} from './judgement.js';
import { nextProbeMs } from './probe-schedule.js';

/** A judgement without news is published again after this, as a sign of life. */
const refreshMs = 60_000;

/** Until a probe after a refused request. */
const refusedMs = 1_000;

interface Watched {
  backend: Backend;
  judgement: Judgement;
  timer: NodeJS.Timeout | null;
  /** When the timer goes off, of the monotonic clock. */
  dueAt: number;
  published: { message: BackendHealth; at: number } | null;
}

@Injectable()
export class HealthRound implements OnModuleInit, OnApplicationShutdown {
  private readonly watched = new Map<string, Watched>();
  private bucket: Bucket<BackendHealth> | null = null;
  private lease: Ownership | null = null;
  private listening: { stop(): void } | null = null;
  private answering: { stop(): Promise<void> } | null = null;

  constructor(
    private readonly bus: Bus,
    private readonly prober: BackendProber,
    private readonly credentials: CredentialAlert,
    private readonly snapshots: Snapshots,
    private readonly logger: Logger,
    private readonly metrics: Metrics,
  ) {}

  async onModuleInit(): Promise<void> {
    this.bucket = await this.bus.bucket(HealthBucket);
    this.listening = this.bus.subscribe(BackendNews, (outcome) => this.takeOutcome(outcome));
    this.lease = new Ownership(
      { bus: this.bus, logger: this.logger },
      {
        key: 'service.health',
        holder: randomUUID(),
        preferred: false,
        onGain: () => this.lead(true),
        onLose: () => this.lead(false),
      },
    );
    this.snapshots.onChange((snapshot) => this.follow(snapshot));
    this.lease.start();
  }

  async onApplicationShutdown(): Promise<void> {
    this.listening?.stop();
    await this.answering?.stop();
    for (const watched of this.watched.values()) if (watched.timer !== null) clearTimeout(watched.timer);
    await this.lease?.stop();
  }

  private lead(owned: boolean): void {
    this.logger.info(
      { active: owned },
      owned ? 'this replica judges the backends' : 'another replica judges the backends',
    );
    if (owned) this.answering = this.bus.serve(LookNow, {}, () => this.lookNow());
    else void this.answering?.stop();
    for (const watched of this.watched.values()) {
      // Another replica judged meanwhile: what this one said last is no longer what stands in the bucket.
      watched.published = null;
      if (!owned) this.metrics.forget('signalbox_backend_up', labelsOf(watched.backend));
      this.schedule(watched, 0);
    }
  }

  /** Fresh judgements of all backends, for an admin who asks. */
  private async lookNow(): Promise<{ v: 1; probed: number }> {
    const all = [...this.watched.values()];
    await Promise.all(all.map((watched) => this.probe(watched)));
    return { v: 1, probed: all.length };
  }

  private follow(snapshot: ConfigSnapshot): void {
    const ids = new Set<string>(snapshot.backends.map((backend) => backend.id));
    for (const [id, watched] of this.watched) {
      if (ids.has(id)) continue;
      if (watched.timer !== null) clearTimeout(watched.timer);
      this.watched.delete(id);
      if (this.lease?.owned === true) void this.bucket?.delete(id);
      this.metrics.forget('signalbox_backend_up', labelsOf(watched.backend));
    }
    for (const backend of snapshot.backends) {
      const known = this.watched.get(backend.id);
      if (known !== undefined && JSON.stringify(known.backend) === JSON.stringify(backend)) continue;
      if (known?.timer) clearTimeout(known.timer);
      const watched: Watched = {
        backend,
        judgement: unknownBackend(backend.id, Date.now()),
        timer: null,
        dueAt: Number.POSITIVE_INFINITY,
        published: null,
      };
      this.watched.set(backend.id, watched);
      if (backend.kind === 'cloud') this.credentials.watch(backend);
      this.schedule(watched, 0);
    }
  }

  /** Plans the next probe; null = none until something happens. */
  private schedule(watched: Watched, delayMs: number | null): void {
    if (watched.timer !== null) clearTimeout(watched.timer);
    watched.timer = delayMs === null ? null : setTimeout(() => void this.probe(watched), delayMs);
    watched.dueAt = delayMs === null ? Number.POSITIVE_INFINITY : performance.now() + delayMs;
  }

  private async probe(watched: Watched): Promise<void> {
    if (this.lease?.owned === true) {
      try {
        const result = await this.prober.probe(watched.backend);
        const now = Date.now();
        await this.judge(
          watched,
          result === null ? afterNoWorker(watched.judgement, now) : afterProbe(watched.judgement, result, now),
        );
      } catch (error) {
        this.logger.warn({ backend: watched.backend.id, err: error }, 'a probe failed');
      }
    }
    if (this.watched.get(watched.backend.id) !== watched) return;
    const general = this.snapshots.current()?.general;
    const facts = {
      intervalMs: general?.healthCheckIntervalMs ?? 15_000,
      inBackground: general?.backgroundHealthChecks ?? true,
      kind: watched.backend.kind,
      random: Math.random(),
    };
    this.schedule(watched, nextProbeMs(watched.judgement, facts));
  }

  private takeOutcome(outcome: AttemptOutcomeEvent): void {
    const watched = this.watched.get(outcome.backendId);
    if (watched === undefined) return;
    const unreachable = outcome.errorCode === 'upstream_unreachable';
    const next = afterOutcome(watched.judgement, { ok: outcome.ok, unreachable }, Date.now());
    if (this.lease?.owned === true) {
      void this.judge(watched, next);
      const problem = credentialProblem(outcome);
      if (problem !== null) void this.credentials.take(watched.backend, problem);
    } else watched.judgement = next;
    // Somebody was refused: look again soon, not at the end of the interval, however many are refused meanwhile.
    if (unreachable && watched.dueAt > performance.now() + refusedMs) this.schedule(watched, refusedMs);
  }

  private async judge(watched: Watched, judgement: Judgement): Promise<void> {
    const before = watched.judgement.state;
    watched.judgement = judgement;
    const { backend } = watched;
    const message = healthMessage(judgement);
    this.metrics.set('signalbox_backend_up', labelsOf(backend), judgement.state === 'unhealthy' ? 0 : 1);
    if (before !== judgement.state) this.logChange(backend.id, before, judgement);
    const stale = watched.published === null || Date.now() - watched.published.at > refreshMs;
    if (!stale && !isNews(watched.published?.message ?? null, message)) return;
    watched.published = { message, at: Date.now() };
    await this.bucket?.put(backend.id, message).catch((error: unknown) => {
      watched.published = null;
      this.logger.warn({ backend: backend.id, err: error }, 'a judgement could not be published');
    });
  }

  /** A host that goes is a warning; the event is what a terminal shows of one that comes. */
  private logChange(backend: Backend['id'], from: Judgement['state'], { state: to, reason }: Judgement): void {
    const fields = { event: 'backend', backend, from, to, reason };
    if (to === 'unhealthy') this.logger.warn(fields, 'a backend is out');
    else this.logger.info(fields, 'a backend changed its state');
  }
}

const labelsOf = ({ id, provider }: Backend) => ({ backend: id, provider });
