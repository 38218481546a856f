/** The leases of this process: asks accounting for them, renews them, gives them back. */
import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Bus } from '#bus';
import {
  BudgetRefused,
  LeaseBudget,
  parseBudgetScope,
  parseMemberId,
  RecallLeases,
  RenewLeases,
  type LeaseRenewal,
  type LeaseWant,
} from '#contracts';
import { Logger } from '#telemetry';
import { InstanceName } from './instance-name.client.js';
import { Keys, type KeyChange } from './keys.client.js';
import { LeaseDesk, type Denial, type DeskOutcome } from './lease-desk.js';
import { LeaseWallet, type Demand } from './lease-wallet.js';
import { Reservation } from './reservation.js';

const renewEveryMs = 5_000;
const tickMs = 250;
const mostWants = 32;
/** Refusals of one budget are told this often: an agent that runs wild has many. */
const tellEveryMs = 5_000;
const mostTold = 1_000;

export type Reserved =
  | { readonly kind: 'reserved'; readonly reservation: Reservation }
  | Exclude<DeskOutcome, { kind: 'reserved' }>;

@Injectable()
export class BudgetLeases implements OnModuleInit, OnApplicationShutdown {
  private readonly wallet = new LeaseWallet();
  private readonly desk: LeaseDesk;
  private readonly epoch = Math.floor(performance.timeOrigin);
  private readonly timers: NodeJS.Timeout[] = [];
  private wanted: LeaseWant[] = [];
  private leases = 0;
  /** Until when nothing is told of refusals of a scope. */
  private readonly toldUntil = new Map<string, number>();
  private recalls: { stop(): void } | null = null;

  constructor(
    private readonly bus: Bus,
    private readonly logger: Logger,
    private readonly instance: InstanceName,
    private readonly keys: Keys,
  ) {
    this.desk = new LeaseDesk(this.wallet, {
      newLeaseId: () => {
        this.leases += 1;
        return `${this.instance.name}-${this.leases}`;
      },
      send: (want) => {
        if (this.wanted.length === 0) queueMicrotask(() => this.flush());
        this.wanted.push(want);
      },
    });
  }

  onModuleInit(): void {
    this.recalls = this.bus.subscribe(RecallLeases, ({ scope, kind }) => this.recall(scope, kind));
    this.keys.onChange((change) => this.revoke(change));
    this.timers.push(
      setInterval(() => void this.renew(this.wallet.renewals(performance.now())), renewEveryMs).unref(),
      setInterval(() => this.desk.tick(performance.now()), tickMs).unref(),
    );
  }

  async onApplicationShutdown(): Promise<void> {
    for (const timer of this.timers) clearInterval(timer);
    this.recalls?.stop();
    await this.renew(this.wallet.giveBackAll());
  }

  /** Reserves all demands or none. In the common case nothing is asked of anybody. */
  reserve(demands: readonly Demand[]): Promise<Reserved> {
    return new Promise((resolve) => {
      this.desk.reserve(demands, performance.now(), (outcome) => {
        if (outcome.kind !== 'reserved') return resolve(outcome);
        const freed = (scope: string) => this.desk.freed(scope, performance.now());
        resolve({ kind: 'reserved', reservation: new Reservation(this.wallet, outcome.holdings, freed) });
      });
    });
  }

  /** A request was refused: accounting may have to tell that the budget is used up. */
  refused({ scope, limit }: Denial, needed: number): void {
    const now = performance.now();
    if (needed > limit || now < (this.toldUntil.get(scope) ?? 0)) return;
    if (this.toldUntil.size >= mostTold) this.toldUntil.clear();
    this.toldUntil.set(scope, now + tellEveryMs);
    this.bus.publish(BudgetRefused, { v: 1, scope, needed });
  }

  private recall(scope: string, kind: 'idle' | 'revoke'): void {
    const returned = this.wallet.recall(scope, kind, performance.now());
    if (returned.length > 0) void this.renew(returned);
  }

  /** A limit may have been changed: leases of the old one are used no more, and what was refused is asked for again. */
  private revoke({ kind, id }: KeyChange): void {
    const concerns = (name: string) => {
      const scope = parseBudgetScope(name);
      if (kind === 'all' || scope === null) return kind === 'all';
      // A member's budget is a matter of the team.
      if (scope.owner === 'member') return kind === 'team' && parseMemberId(scope.id)?.teamId === id;
      return scope.owner === kind && scope.id === id;
    };
    for (const scope of this.wallet.scopes.filter(concerns)) this.recall(scope, 'revoke');
    this.desk.forget(concerns);
  }

  private flush(): void {
    const all = this.wanted;
    this.wanted = [];
    for (let i = 0; i < all.length; i += mostWants) void this.ask(all.slice(i, i + mostWants));
  }

  private async ask(wants: LeaseWant[]): Promise<void> {
    const sentAt = performance.now();
    try {
      const { answers } = await this.bus.request(LeaseBudget, {
        v: 1,
        holder: this.instance.name,
        epoch: this.epoch,
        wants,
      });
      for (const answer of answers) this.desk.answered(answer, sentAt, performance.now());
    } catch (error) {
      this.logger.warn({ err: error, leases: wants.length }, 'no answer to a question for budget leases');
      for (const { leaseId, scope } of wants) this.desk.failed(leaseId, scope, performance.now());
    }
  }

  private async renew(leases: LeaseRenewal[]): Promise<void> {
    const sentAt = performance.now();
    for (let i = 0; i < leases.length; i += 500) {
      const part = leases.slice(i, i + 500);
      try {
        const answer = await this.bus.request(RenewLeases, { v: 1, holder: this.instance.name, leases: part });
        this.wallet.renewed(part, answer.leases, sentAt);
      } catch (error) {
        this.logger.debug({ err: error, leases: part.length }, 'leases were not renewed, trying again');
      }
    }
  }
}
