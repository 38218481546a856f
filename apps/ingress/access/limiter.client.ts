/** Asks whoever counts a limit: this process itself, another ingress, or for a moment nobody. */
import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Bus } from '#bus';
import {
  AskLimits,
  limitShardOf,
  type LimitQuestion,
  type LimitState,
  type LimitTake,
  type LimitVerdict,
} from '#contracts';
import { Logger } from '#telemetry';
import { InstanceName } from './instance-name.client.js';
import { askMs, LimitCounter } from './limit-counter.js';
import { LimitSession } from './limit-session.client.js';
import { LimitShares } from './limit-shares.js';
import { PermitCache, smallLimit } from './permit-cache.js';
import type { OwnerLimits } from './rate-limit.js';

export type LimitOutcome =
  | { readonly kind: 'granted'; readonly states: readonly LimitState[] }
  | {
      readonly kind: 'refused';
      readonly refused: LimitState;
      readonly retryAfterMs: number;
      readonly states: readonly LimitState[];
    };

const finishTries = 3;
const tickMs = 500;
const sweepEveryTicks = 60;

@Injectable()
export class Limiter implements OnModuleInit, OnApplicationShutdown {
  private readonly shares = new LimitShares();
  private readonly permits = new PermitCache();
  private timer: NodeJS.Timeout | null = null;
  private ticks = 0;
  private batches = 0;

  constructor(
    private readonly bus: Bus,
    private readonly session: LimitSession,
    private readonly counter: LimitCounter,
    private readonly instance: InstanceName,
    private readonly logger: Logger,
  ) {}

  onModuleInit(): void {
    this.timer = setInterval(() => this.tick(), tickMs).unref();
  }

  onApplicationShutdown(): void {
    if (this.timer !== null) clearInterval(this.timer);
  }

  /** The ticket of a request: it names the ingress, so that its requests end with it. */
  ticketOf(requestId: string): string {
    return `${this.instance.name}:${requestId}`;
  }

  /** Takes all limits of one owner or none; never throws. */
  async take({ owner, takes }: OwnerLimits, ticket: string): Promise<LimitOutcome> {
    const [only] = takes;
    const isLarge = takes.length === 1 && only !== undefined && only.kind === 'requests' && only.limit > smallLimit;
    if (isLarge && this.permits.use(owner, performance.now())) {
      return { kind: 'granted', states: this.counter.books.states(owner, takes, performance.now()) };
    }
    const shard = limitShardOf(owner);
    const question: LimitQuestion =
      isLarge && !this.session.owns(shard)
        ? this.batchQuestion(owner, only)
        : { v: 1, op: 'take', owner, ticket, takes: [...takes] };
    const verdict = await this.ask(shard, question);
    if (verdict === null) return this.takeShare(owner, ticket, takes, this.session.knows(shard));
    if (!this.shares.isEmpty) this.shares.clear(owner);
    if (question.op === 'permits' && verdict.granted && verdict.permits > 0)
      this.keepBatch(owner, question.ticket, verdict);
    const { states, refused, retryAfterMs } = verdict;
    return verdict.granted || refused === null
      ? { kind: 'granted', states }
      : { kind: 'refused', refused, retryAfterMs, states };
  }

  /** The request is over. `tokens`: what it used; null = as estimated. `undo`: it never ran. */
  finish(owner: string, ticket: string, tokens: number | null, undo: boolean): void {
    const question = { v: 1, op: 'finish', owner, ticket, tokens, requests: null, undo } as const;
    void this.tell(question, finishTries);
  }

  private batchQuestion(owner: string, take: LimitTake): LimitQuestion {
    this.batches += 1;
    const amount = this.permits.batchSize(owner, take.limit);
    return { v: 1, op: 'permits', owner, ticket: this.ticketOf(`batch-${this.batches}`), take: { ...take, amount } };
  }

  private keepBatch(owner: string, ticket: string, { permits, validMs }: LimitVerdict): void {
    const now = performance.now();
    const before = this.permits.put(owner, { ticket, permits, validUntil: now + validMs });
    this.permits.use(owner, now);
    if (before !== null) this.giveBack(owner, before);
  }

  private giveBack(owner: string, { ticket, used }: { ticket: string; used: number }): void {
    void this.tell({ v: 1, op: 'finish', owner, ticket, tokens: null, requests: used, undo: false }, 1);
  }

  private async ask(shard: number, question: LimitQuestion): Promise<LimitVerdict | null> {
    const isOwner = () => this.session.owns(shard);
    if (isOwner()) return this.counter.decide(question, isOwner);
    try {
      return await this.bus.request(AskLimits, question, { tokens: { shard: String(shard) }, deadlineMs: askMs });
    } catch {
      return null;
    }
  }

  private async tell(question: Extract<LimitQuestion, { op: 'finish' }>, tries: number): Promise<void> {
    for (let attempt = 1; attempt <= tries; attempt += 1) {
      if ((await this.ask(limitShardOf(question.owner), question)) !== null) return;
      await new Promise<void>((resolve) => setTimeout(resolve, 300 * attempt).unref());
    }
    const { owner, ticket, tokens, requests, undo } = question;
    this.counter.finish(owner, ticket, { tokens, requests, undo });
  }

  /** Nobody counts this limit for the moment: this ingress lets its share through, and tells whoever will count. */
  private takeShare(owner: string, ticket: string, takes: readonly LimitTake[], knows: boolean): LimitOutcome {
    const { books } = this.counter;
    const now = performance.now();
    const { members } = this.session.election;
    // Who does not know what was counted has no share of what is left.
    const usedOf = (take: LimitTake) => (knows ? books.used(owner, take, now) : take.limit);
    const { granted, refused } = this.shares.take(owner, takes, members, usedOf);
    if (granted) this.counter.countOwn(owner, ticket, [...takes]);
    const states = books.states(owner, takes, now);
    const state = states.find((one) => refused !== null && one.kind === refused.kind && one.name === refused.name);
    return granted || state === undefined
      ? { kind: 'granted', states }
      : { kind: 'refused', refused: state, retryAfterMs: 1_000, states };
  }

  private tick(): void {
    const now = performance.now();
    for (const { owner, ...batch } of this.permits.ended(now)) this.giveBack(owner, batch);
    this.ticks += 1;
    if (this.ticks % sweepEveryTicks !== 0) return;
    this.counter.books.sweep(now);
    this.logger.debug({ owners: this.counter.books.size, shards: this.session.election.ownedShards.length }, 'limits');
  }
}
