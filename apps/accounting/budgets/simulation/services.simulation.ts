/** The network, an ingress and a worker, simulated around the real wallet, desk and reservation. */
import type { RecallLeasesEvent } from '#contracts';
import { LeaseDesk } from '../../../ingress/access/lease-desk.js';
import type { LeaseWallet } from '../../../ingress/access/lease-wallet.js';
import { PostedMark } from '../posted-mark.js';
import { policy, realWiring, type Wiring } from './wiring.simulation.js';
import type { SimulatedStore, UsageMessage } from './store.simulation.js';
import type { Dice, VirtualTime } from './virtual-time.simulation.js';

/** Something that can die: what it began before belongs to an earlier life. */
export class Process {
  up = true;
  life = 0;
  /** How often it was stopped. */
  stops = 0;
  /** When each of its lives ended. */
  readonly deaths: number[] = [];
  /** Stopped (SIGSTOP) until then: what falls due waits, and runs when it goes on. */
  private stoppedUntil = 0;

  constructor(
    readonly name: string,
    protected readonly time: VirtualTime,
  ) {}

  /** Runs `work` after `delay`, if this life still lasts. */
  after(delay: number, work: () => void): void {
    const { life } = this;
    const run = () => {
      if (!this.up || this.life !== life) return;
      if (this.time.now < this.stoppedUntil) this.time.after(this.stoppedUntil - this.time.now, run);
      else work();
    };
    this.time.after(delay, run);
  }

  kill(downMs: number): void {
    this.up = false;
    this.deaths[this.life] = this.time.now;
    this.life += 1;
    this.time.after(downMs, () => {
      this.up = true;
      this.born();
    });
  }

  stop(forMs: number): void {
    this.stops += 1;
    this.stoppedUntil = this.time.now + forMs;
  }

  get isStopped(): boolean {
    return this.time.now < this.stoppedUntil;
  }

  protected born(): void {}
}

export class Network {
  up = true;
  private readonly posted = new PostedMark(policy.drainMs);
  readonly accounting = [{ up: true }, { up: true }];
  /** Published and not acknowledged. */
  readonly stream: UsageMessage[] = [];

  constructor(
    private readonly time: VirtualTime,
    private readonly dice: Dice,
    private readonly store: SimulatedStore,
    private readonly wiring: Wiring,
  ) {
    this.pump();
    this.reap();
  }

  outage(forMs: number): void {
    this.up = false;
    this.time.after(forMs, () => {
      this.up = true;
    });
  }

  /** Asks any accounting replica; requests and replies are lost, repeated and late. null = no answer in time. */
  ask<T>(caller: Process, isCut: () => boolean, work: () => T, answered: (answer: T | null) => void): void {
    const { time, dice } = this;
    let done = false;
    const finish = (answer: T | null) => {
      if (done) return;
      done = true;
      answered(answer);
    };
    caller.after(400, () => finish(null));
    const copies = dice.chance(0.05) ? 2 : 1;
    for (let i = 0; i < copies; i += 1) {
      if (dice.chance(0.03)) continue;
      time.after(1 + dice.upTo(dice.chance(0.05) ? 300 : 8), () => {
        if (isCut() || !this.canCommit() || !dice.pick(this.accounting).up) return;
        const answer = work();
        if (isCut() || dice.chance(0.03) || !this.up) return;
        caller.after(1 + dice.upTo(8), () => finish(answer));
      });
    }
  }

  /** Publishes until it is stored, as long as the publisher lives. */
  publish(publisher: Process, message: UsageMessage, stored: () => void): void {
    const attempt = () => {
      if (!this.up || this.dice.chance(0.03)) return publisher.after(50 + this.dice.upTo(50), attempt);
      this.stream.push(message);
      if (this.dice.chance(0.04)) return publisher.after(60, attempt);
      stored();
    };
    publisher.after(1 + this.dice.upTo(3), attempt);
  }

  /**
   * Sends an announcement; `left` is told once it is in the server's socket or on disk. From then on it arrives, whatever
   * becomes of its publisher.
   */
  announce(publisher: Process, message: UsageMessage, waitMs: number, left: () => void): void {
    const deliver = () => {
      if (!this.up || this.dice.chance(0.03)) return this.time.after(50 + this.dice.upTo(50), deliver);
      this.stream.push(message);
      if (this.dice.chance(0.04)) this.time.after(60, deliver);
    };
    publisher.after(waitMs, () => {
      left();
      this.time.after(1 + this.dice.upTo(3), deliver);
    });
  }

  private canCommit(): boolean {
    return this.up && this.store.up && this.accounting.some(({ up }) => up);
  }

  private pump(failures = 0): void {
    const { dice, stream } = this;
    const failed = stream.length > 0 && !this.store.up;
    // What could not be posted comes again later and later, so a backlog outlives the outage that made it.
    const waitMs = failed ? Math.min(1_900, 50 * 2 ** failures) : 10;
    this.time.after(waitMs + dice.upTo(20), () => this.pump(failed ? failures + 1 : 0));
    if (!this.canCommit() || stream.length === 0) return;
    const batch = stream.filter(() => dice.chance(0.7)).slice(0, 100);
    const lost = !this.wiring.acknowledgesAfterCommit && dice.chance(0.02);
    if (!lost) this.store.post(batch);
    // A replica that dies between the commit and the acknowledgement leaves messages that come again.
    const acknowledged = new Set(batch.filter(() => lost || !dice.chance(0.08)));
    this.stream.splice(0, stream.length, ...stream.filter((message) => !acknowledged.has(message)));
  }

  private reap(): void {
    this.time.after(500, () => this.reap());
    const { now } = this.time;
    if (!this.canCommit()) return this.posted.disturb();
    this.store.reap(now, this.posted.look(!this.waitsInStream(), now));
  }

  /** What a consumer's information shows: messages that were handed out and not acknowledged are not counted. */
  private waitsInStream(): boolean {
    return this.stream.length > 0 && this.dice.chance(0.5);
  }
}

/** The money side of an ingress. */
export class Ingress extends Process {
  wallet: LeaseWallet = realWiring.newWallet();
  desk: LeaseDesk = this.newDesk();
  private partedUntil = 0;
  private leases = 0;
  /** All ingresses, for recalls. */
  static readonly recallDelayMs = 50;

  constructor(
    name: string,
    time: VirtualTime,
    private readonly dice: Dice,
    private readonly network: Network,
    private readonly store: SimulatedStore,
    private readonly wiring: Wiring,
    private readonly recall: (event: RecallLeasesEvent) => void,
  ) {
    super(name, time);
    this.born();
  }

  /** Cuts this ingress off from accounting. */
  part(forMs: number): void {
    this.partedUntil = this.time.now + forMs;
  }

  hear(event: RecallLeasesEvent): void {
    this.after(1 + this.dice.upTo(5), () => {
      if (!this.isCut()) this.renew(this.wallet.recall(event.scope, event.kind, this.time.now));
    });
  }

  protected override born(): void {
    this.wallet = this.wiring.newWallet();
    this.desk = this.newDesk();
    this.beat();
  }

  private isCut(): boolean {
    return this.time.now < this.partedUntil;
  }

  private newDesk(): LeaseDesk {
    return new LeaseDesk(this.wallet, {
      newLeaseId: () => {
        this.leases += 1;
        return `${this.name}.${this.life}.l${this.leases}`;
      },
      send: (want) => {
        const sentAt = this.time.now;
        const { desk, life } = this;
        const work = () => this.store.lease(want, this.name, life, this.time.now);
        this.network.ask(
          this,
          () => this.isCut(),
          work,
          (answer) => {
            if (answer === null) return desk.failed(want.leaseId, want.scope, this.time.now);
            if (answer.kind !== 'denied') return desk.answered(answer, sentAt, this.time.now);
            this.recall({ v: 1, scope: want.scope, kind: 'idle' });
            this.after(Ingress.recallDelayMs, () => {
              const again = this.time.now;
              this.network.ask(
                this,
                () => this.isCut(),
                work,
                (second) => desk.answered(second ?? answer, again, this.time.now),
              );
            });
          },
        );
      },
    });
  }

  private beat(): void {
    this.after(300 + this.dice.upTo(500), () => {
      this.desk.tick(this.time.now);
      this.renew(this.wallet.renewals(this.time.now));
      this.beat();
    });
  }

  private renew(renewals: ReturnType<LeaseWallet['renewals']>): void {
    if (renewals.length === 0) return;
    const sentAt = this.time.now;
    const { wallet } = this;
    this.network.ask(
      this,
      () => this.isCut(),
      () => renewals.map((renewal) => this.store.renew(renewal, this.time.now)),
      (answers) => {
        if (answers !== null) wallet.renewed(renewals, answers, sentAt);
      },
    );
  }
}
