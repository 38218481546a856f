/**
 * Three ingresses, two workers, two accounting replicas, the bus and PostgreSQL under load and faults; and an upstream that
 * remembers what it was really asked for. Every invariant is checked against that memory.
 */
import { parseBudgetScope } from '#contracts';
import { Reservation } from '../../../ingress/access/reservation.js';
import type { Demand, Holding } from '../../../ingress/access/lease-wallet.js';
import { AttemptJob, type SimulatedRequest, type UpstreamTruth } from './attempt.simulation.js';
import { Ingress, Network, Process } from './services.simulation.js';
import { scopeOf, SimulatedStore, type SimulatedBudget } from './store.simulation.js';
import { Dice, VirtualTime } from './virtual-time.simulation.js';
import { noticeMs, policy, type Wiring } from './wiring.simulation.js';

export interface Scenario {
  readonly seed: number;
  readonly durationMs: number;
  /** Mean time between requests. */
  readonly gapMs: number;
  readonly limits: { readonly key: number; readonly team: number };
  /** Period of the team's budget; null = one window. */
  readonly teamPeriod: string | null;
  readonly faults: 'none' | 'crashes' | 'stopped-ingress' | 'long-database-outage' | 'double-crashes';
  /** Some upstreams count more than was reserved for. */
  readonly overcounting: boolean;
}

export interface Outcome {
  readonly violations: readonly string[];
  readonly admitted: number;
  readonly denied: number;
  readonly unavailable: number;
  readonly estimated: number;
  /** Share of the tightest limit that was spent. */
  readonly used: number;
}

const teamScope = scopeOf('usd', 'team', 't');
const keys = [
  [scopeOf('usd', 'key', 'k1'), scopeOf('tokens', 'key', 'k1'), teamScope],
  [scopeOf('usd', 'key', 'k2'), teamScope],
];

export class World {
  readonly time = new VirtualTime();
  readonly dice: Dice;
  readonly store: SimulatedStore;
  readonly network: Network;
  readonly ingresses: readonly Ingress[];
  readonly workers: readonly Process[];
  readonly truths = new Map<string, UpstreamTruth>();
  readonly violations: string[] = [];
  private readonly counts = { admitted: 0, denied: 0, unavailable: 0, estimated: 0 };
  private readonly requests = new Map<string, SimulatedRequest>();
  /** By how much postings went above reservations, for each window. */
  private readonly allowance = new Map<string, number>();
  private serial = 0;
  private hadOutage = false;

  constructor(
    readonly scenario: Scenario,
    readonly wiring: Wiring,
  ) {
    this.dice = new Dice(scenario.seed);
    this.store = new SimulatedStore(budgetsOf(scenario), wiring, {
      committed: (window) => {
        const over = window.settled + window.held - window.limit - this.allowed(window.scope, window.windowId);
        if (over > 0) this.violate(`I2 ${window.scope}: ${window.settled} + ${window.held} is ${over} above the limit`);
      },
      reaped: (attemptId) => this.checkReaped(attemptId),
      posted: (row) => this.allowFor(row.requestId, row),
    });
    this.network = new Network(this.time, this.dice, this.store, wiring);
    this.workers = ['w0', 'w1'].map((name) => new Process(name, this.time));
    this.ingresses = ['g0', 'g1', 'g2'].map(
      (name) =>
        new Ingress(name, this.time, this.dice, this.network, this.store, wiring, (event) => {
          for (const ingress of this.ingresses) if (!this.dice.chance(0.05)) ingress.hear(event);
        }),
    );
  }

  violate(what: string): void {
    if (this.violations.length < 5) this.violations.push(`${Math.round(this.time.now)} ms: ${what}`);
  }

  /** A request that may use `usd` and `tokens`, from a key, at an ingress. */
  request(
    ingress: Ingress,
    key: readonly string[],
    most: { usd: number; tokens: number },
    done?: (ok: boolean) => void,
  ) {
    if (!ingress.up || !this.network.up) {
      this.counts.unavailable += 1;
      return;
    }
    // A stopped process accepts connections, and reads them when it goes on.
    if (ingress.isStopped) return ingress.after(0, () => this.request(ingress, key, most, done));
    const demands = key.map((scope) => ({ scope, amount: scope.startsWith('tokens') ? most.tokens : most.usd }));
    const { desk, wallet } = ingress;
    desk.reserve(this.wiring.reservationOf(demands), this.time.now, (outcome) => {
      done?.(outcome.kind === 'reserved');
      if (outcome.kind === 'denied') this.counts.denied += 1;
      if (outcome.kind === 'unavailable') this.counts.unavailable += 1;
      if (outcome.kind !== 'reserved') return;
      this.counts.admitted += 1;
      this.checkReserved(demands, outcome.holdings);
      const reservation = new Reservation(wallet, outcome.holdings, (scope) => desk.freed(scope, this.time.now));
      this.serial += 1;
      const id = `${ingress.name}.${ingress.life}.r${this.serial}`;
      const posted = new Map<string, { usd: number; tokens: number }>();
      const request = {
        id,
        ingress,
        life: ingress.life,
        stops: ingress.stops,
        reservation,
        most,
        posted,
        spent: zero(),
      };
      this.requests.set(id, request);
      new AttemptJob(this, request, 0).dispatch();
    });
  }

  run(): Outcome {
    const { durationMs, gapMs, faults } = this.scenario;
    const load = () => {
      if (this.time.now >= durationMs) return;
      const usd = 500 + this.dice.upTo(4_500);
      this.request(this.dice.pick(this.ingresses), this.dice.pick(keys), { usd, tokens: Math.ceil(usd / 3) });
      this.time.after(this.dice.upTo(2 * gapMs), load);
    };
    this.time.after(0, load);
    if (faults !== 'none') this.time.after(1_000, () => this.fault());
    const quietMs = policy.ttlMs + 2 * policy.requestDeadlineMs + 6 * policy.drainMs + 20_000;
    this.time.runUntil(durationMs + quietMs);
    this.checkQuiet();
    this.checkAdmitsAgain();
    return { violations: this.violations, ...this.counts, used: this.usedShare() };
  }

  private fault(): void {
    const { dice, time, scenario } = this;
    if (time.now > scenario.durationMs - 5_000) return;
    const kind = dice.share();
    if (scenario.faults === 'stopped-ingress') {
      if (time.now < 5_000) dice.pick(this.ingresses).stop(25_000 + dice.upTo(10_000));
    } else if (scenario.faults === 'long-database-outage') {
      // Once, near the limit: what is lent out twice then shows.
      if (!this.hadOutage && (this.usedShare() > 0.85 || time.now > 15_000)) {
        this.hadOutage = true;
        this.databaseOutage(12_000 + dice.upTo(6_000));
      }
    } else if (scenario.faults === 'double-crashes') {
      dice.pick(this.ingresses).kill(200 + dice.upTo(2_500));
      dice.pick(this.workers).kill(200 + dice.upTo(2_500));
    } else if (kind < 0.08) dice.pick(this.ingresses).part(5_000 + dice.upTo(20_000));
    else if (kind < 0.3) dice.pick(this.ingresses).kill(200 + dice.upTo(2_500));
    else if (kind < 0.6) dice.pick(this.workers).kill(200 + dice.upTo(2_500));
    else if (kind < 0.75) this.replicaOutage(500 + dice.upTo(2_000));
    else if (kind < 0.85) this.network.outage(200 + dice.upTo(1_500));
    else this.databaseOutage(200 + dice.upTo(2_500));
    const often = scenario.faults === 'long-database-outage' && !this.hadOutage;
    time.after(often ? 200 : 1_000 + dice.upTo(3_000), () => this.fault());
  }

  private replicaOutage(forMs: number): void {
    const replica = this.dice.pick(this.network.accounting);
    replica.up = false;
    this.time.after(forMs, () => {
      replica.up = true;
    });
  }

  private databaseOutage(forMs: number): void {
    this.store.up = false;
    this.time.after(forMs, () => {
      this.store.up = true;
    });
  }

  private allowed(scope: string, windowId: string): number {
    return this.allowance.get(`${scope} ${windowId}`) ?? 0;
  }

  /** What was posted for a request beyond its reservation may exceed the limit: no gateway can know it in advance. */
  private allowFor(
    requestId: string,
    row: { attemptId: string; costNanoUsd: number | null; outputTokens: number },
  ): void {
    const request = this.requests.get(requestId);
    if (request === undefined) return;
    const sum = (unit: 'usd' | 'tokens') => [...request.posted.values()].reduce((all, one) => all + one[unit], 0);
    const beyond = () => ({
      usd: Math.max(0, sum('usd') - request.reservation.amountOf('usd')),
      tokens: Math.max(0, sum('tokens') - request.reservation.amountOf('tokens')),
    });
    const before = beyond();
    const truth = this.truths.get(row.attemptId);
    // Only what upstream really counted, or the reservation of an attempt that nobody could close, excuses anything.
    const usd = Math.min(row.costNanoUsd ?? 0, Math.max(truth?.usd ?? 0, request.most.usd));
    const tokens = Math.min(row.outputTokens, Math.max(truth?.tokens ?? 0, request.most.tokens));
    request.posted.set(row.attemptId, { usd, tokens });
    const after = beyond();
    for (const { scope, windowId } of request.reservation.leases) {
      const unit = parseBudgetScope(scope)?.unit === 'tokens' ? 'tokens' : 'usd';
      const more = after[unit] - before[unit];
      if (more > 0) this.allowance.set(`${scope} ${windowId}`, this.allowed(scope, windowId) + more);
    }
  }

  private checkReserved(demands: readonly Demand[], holdings: readonly Holding[]): void {
    for (const { scope, amount } of demands) {
      const held = holdings.find((holding) => holding.scope === scope)?.amount ?? 0;
      if (held < amount) this.violate(`I7 a request that may use ${amount} of ${scope} runs with ${held}`);
    }
  }

  private checkReaped(attemptId: string): void {
    this.counts.estimated += 1;
    const truth = this.truths.get(attemptId);
    if (truth === undefined) return;
    const { request, worker, life } = truth;
    const ingressLost = request.ingress.life !== request.life || request.ingress.stops !== request.stops;
    const diedAfterMs = (request.ingress.deaths[request.life] ?? 0) - (worker.deaths[life] ?? 0);
    const couldTell = request.ingress.stops === request.stops && diedAfterMs > noticeMs;
    if (worker.life === life || !ingressLost || couldTell)
      this.violate(`I9 ${attemptId} was estimated, though somebody knew it`);
  }

  private checkQuiet(): void {
    const { store } = this;
    const sums = new Map<string, number>();
    const truths = new Map<string, number>();
    const add = (to: Map<string, number>, name: string, amount: number) => to.set(name, (to.get(name) ?? 0) + amount);
    for (const { scope, windowId, amount } of store.ledger)
      if (scope !== null) add(sums, `${scope} ${windowId}`, amount);
    for (const [attemptId, truth] of this.truths) {
      const row = store.rows.get(attemptId);
      for (const { scope, windowId } of truth.request.reservation.leases) {
        add(truths, `${scope} ${windowId}`, scope.startsWith('tokens') ? truth.tokens : truth.usd);
      }
      if (row === undefined && truth.usd > 0) this.violate(`I3 ${attemptId} used ${truth.usd} and was never posted`);
      if (row?.source === 'worker' && row.costNanoUsd !== truth.usd) this.violate(`I3 ${attemptId} was posted wrongly`);
      // What nobody knows is estimated by its reservation; an upstream that overcounted then goes unnoticed.
      const known = row !== undefined && row.source !== 'reaper';
      if (known && (row.costNanoUsd ?? 0) < truth.usd) this.violate(`I3 ${attemptId} was posted too low`);
    }
    const overcounted = this.overcounted();
    for (const [name, window] of store.windows) {
      if ((sums.get(name) ?? 0) !== window.settled) this.violate(`I3 ${name}: the ledger differs from what is settled`);
      if (window.held !== 0) this.violate(`I4 ${name}: ${window.held} is held though all is quiet`);
      const over = (truths.get(name) ?? 0) - window.limit - (overcounted.get(name) ?? 0);
      if (over > 0) this.violate(`I1 ${name}: upstream counted ${over} above the limit`);
    }
    if (store.opens.size > 0) this.violate(`I4 ${store.opens.size} attempts are open though all is quiet`);
    if (this.network.stream.length > 0) this.violate('I8 messages are left in the stream');
    for (const { wallet } of this.ingresses) if (wallet.size > 20) this.violate('I8 an ingress keeps old leases');
  }

  /** By how much upstreams counted more than was reserved, for each window. */
  private overcounted(): Map<string, number> {
    const used = new Map<SimulatedRequest, { usd: number; tokens: number }>();
    for (const truth of this.truths.values()) {
      const sum = used.get(truth.request) ?? zero();
      used.set(truth.request, { usd: sum.usd + truth.usd, tokens: sum.tokens + truth.tokens });
    }
    const over = new Map<string, number>();
    for (const [{ reservation }, sum] of used) {
      for (const { scope, windowId } of reservation.leases) {
        const unit = scope.startsWith('tokens') ? 'tokens' : 'usd';
        const name = `${scope} ${windowId}`;
        over.set(name, (over.get(name) ?? 0) + Math.max(0, sum[unit] - reservation.amountOf(unit)));
      }
    }
    return over;
  }

  private checkAdmitsAgain(): void {
    const most = { usd: 200, tokens: 70 };
    for (const ingress of this.ingresses) {
      for (const key of keys) {
        const amounts = key.map(
          (scope) => this.store.leftIn(scope, this.time.now) - (scope.startsWith('tokens') ? 70 : 200),
        );
        if (Math.min(...amounts) < 2_000) continue;
        if (!this.admitsWithin30s(ingress, key, most))
          this.violate(`I5 ${ingress.name} refuses a request that the budget would hold`);
      }
    }
  }

  /** Messages are lost now and then, so it may take some tries. */
  private admitsWithin30s(ingress: Ingress, key: readonly string[], most: { usd: number; tokens: number }): boolean {
    const answers: boolean[] = [];
    for (let tries = 0; tries < 10 && answers.at(-1) !== true; tries += 1) {
      this.request(ingress, key, most, (ok) => answers.push(ok));
      this.time.runUntil(this.time.now + 3_000);
    }
    return answers.at(-1) === true;
  }

  private usedShare(): number {
    const windows = [...this.store.windows.values()];
    return Math.max(0, ...windows.map(({ settled, limit }) => settled / limit));
  }
}

function zero(): { usd: number; tokens: number } {
  return { usd: 0, tokens: 0 };
}

function budgetsOf({ limits, teamPeriod }: Scenario): Map<string, SimulatedBudget> {
  const rule = (duration: string | null) => ({ duration, resetAt: null, timeZone: 'Europe/Berlin' });
  const budgets = [...new Set(keys.flat())].map((scope) => ({
    scope,
    limit: scope === teamScope ? limits.team : scope.startsWith('tokens') ? Math.ceil(limits.key / 3) : limits.key,
    rule: rule(scope === teamScope ? teamPeriod : null),
  }));
  return new Map(budgets.map((budget) => [budget.scope, budget]));
}
