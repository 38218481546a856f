/**
 * Brings requests and leases together: a request that finds enough in the wallet goes on at once; for the others one
 * question at a time is asked for each scope, and whoever waits is served in the order in which they came. Effects and
 * the clock come from outside.
 */
import type { LeaseAnswer, LeaseWant } from '#contracts';
import type { Demand, Holding, LeaseWallet } from './lease-wallet.js';

export interface Denial {
  readonly scope: string;
  readonly limit: number;
  readonly settled: number;
  readonly held: number;
  /** ISO; null = the budget is never renewed. */
  readonly resetAt: string | null;
}

export type DeskOutcome =
  | { readonly kind: 'reserved'; readonly holdings: readonly Holding[] }
  | { readonly kind: 'denied'; readonly denial: Denial }
  /** Nobody could say whether there is budget left, or too many wait for it. */
  | { readonly kind: 'unavailable'; readonly scope: string };

export interface DeskEffects {
  newLeaseId(): string;
  /** Asks accounting; the answer comes by `answered`, anything else by `failed`. */
  send(want: LeaseWant): void;
}

interface Waiter {
  readonly demands: readonly Demand[];
  readonly until: number;
  readonly done: (outcome: DeskOutcome) => void;
}

interface ScopeDesk {
  asked: { want: LeaseWant; tries: number } | null;
  /** A refusal is remembered for a moment, so that an agent that runs wild costs no question for each request. */
  denied: { denial: Denial; left: number; until: number } | null;
  unlimitedUntil: number;
}

const deniedForMs = 500;
const unlimitedForMs = 5_000;
const waitMs = 4_000;
const mostTries = 3;
const mostWaiters = 2_000;

export class LeaseDesk {
  private readonly scopes = new Map<string, ScopeDesk>();
  private readonly waiting = new Set<Waiter>();

  constructor(
    private readonly wallet: LeaseWallet,
    private readonly effects: DeskEffects,
  ) {}

  /** Reserves every demand or none, and tells `done` once: at once where the wallet holds enough. */
  reserve(demands: readonly Demand[], now: number, done: (outcome: DeskOutcome) => void): void {
    const waiter = { demands, until: now + waitMs, done };
    if (this.waiting.size < mostWaiters) this.serve(waiter, now);
    else done({ kind: 'unavailable', scope: demands[0]?.scope ?? '' });
  }

  /** Takes over an answer to the question that was sent at `sentAt`. */
  answered(answer: LeaseAnswer, sentAt: number, now: number): void {
    const { scope } = answer;
    const desk = this.deskOf(scope);
    if (desk.asked?.want.leaseId === answer.leaseId) desk.asked = null;
    if (answer.kind === 'granted') {
      desk.denied = null;
      this.wallet.add(answer, sentAt, now);
    } else if (answer.kind === 'unlimited') {
      desk.unlimitedUntil = now + unlimitedForMs;
    } else {
      const { limit, settled, held, resetAt } = answer;
      const left = Math.max(0, limit - settled - held);
      desk.denied = { denial: { scope, limit, settled, held, resetAt }, left, until: now + deniedForMs };
    }
    this.serveAgain(now);
  }

  /** A question went unanswered: it is asked again under the same lease id, then given up. */
  failed(leaseId: string, scope: string, now: number): void {
    const desk = this.deskOf(scope);
    const { asked } = desk;
    if (asked === null || asked.want.leaseId !== leaseId) return;
    if (asked.tries < mostTries) {
      asked.tries += 1;
      this.effects.send(asked.want);
      return;
    }
    desk.asked = null;
    for (const waiter of this.waiting) {
      if (waiter.demands.some((demand) => demand.scope === scope)) this.finish(waiter, { kind: 'unavailable', scope });
    }
    this.serveAgain(now);
  }

  /** Something is free again in a scope. */
  freed(scope: string, now: number): void {
    const desk = this.scopes.get(scope);
    if (desk === undefined) return;
    desk.denied = null;
    if (this.waiting.size > 0) this.serveAgain(now);
  }

  /** Limits were changed: what was answered about these scopes counts no more. */
  forget(concerns: (scope: string) => boolean): void {
    for (const [scope, desk] of this.scopes) {
      if (!concerns(scope)) continue;
      desk.denied = null;
      desk.unlimitedUntil = 0;
    }
  }

  /** Ends what waited too long, and forgets scopes that nobody asks for. To be called every now and then. */
  tick(now: number): void {
    for (const waiter of this.waiting) {
      if (now >= waiter.until) this.finish(waiter, { kind: 'unavailable', scope: waiter.demands[0]?.scope ?? '' });
    }
    for (const [scope, desk] of this.scopes) {
      const remembered = (desk.denied?.until ?? 0) > now || desk.unlimitedUntil > now;
      if (desk.asked === null && !remembered) this.scopes.delete(scope);
    }
  }

  private serveAgain(now: number): void {
    for (const waiter of this.waiting) this.serve(waiter, now);
  }

  private serve(waiter: Waiter, now: number): void {
    const demands = waiter.demands.filter(({ scope }) => (this.scopes.get(scope)?.unlimitedUntil ?? 0) <= now);
    const taken = this.wallet.take(demands, now);
    if (taken.kind === 'taken') return this.finish(waiter, { kind: 'reserved', holdings: taken.holdings });
    for (const { scope, amount } of taken.demands) {
      const { denied } = this.deskOf(scope);
      if (denied !== null && now < denied.until && amount > denied.left) {
        return this.finish(waiter, { kind: 'denied', denial: denied.denial });
      }
    }
    this.waiting.add(waiter);
    for (const demand of taken.demands) this.ask(demand);
  }

  private ask({ scope, amount: need }: Demand): void {
    const desk = this.deskOf(scope);
    if (desk.asked !== null) return;
    let want = 0;
    for (const { demands } of this.waiting) {
      for (const demand of demands) if (demand.scope === scope) want += demand.amount;
    }
    desk.asked = { want: { leaseId: this.effects.newLeaseId(), scope, need, want: Math.max(need, want) }, tries: 1 };
    this.effects.send(desk.asked.want);
  }

  private finish(waiter: Waiter, outcome: DeskOutcome): void {
    this.waiting.delete(waiter);
    waiter.done(outcome);
  }

  private deskOf(scope: string): ScopeDesk {
    let desk = this.scopes.get(scope);
    if (desk === undefined) {
      desk = { asked: null, denied: null, unlimitedUntil: 0 };
      this.scopes.set(scope, desk);
    }
    return desk;
  }
}
