/** One attempt, from its dispatch to its settlement, with everything that may go wrong on the way. */
import type { Reservation } from '../../../ingress/access/reservation.js';
import type { UsageRow } from '../../usage/usage-row.js';
import type { Ingress, Process } from './services.simulation.js';
import type { World } from './world.simulation.js';
import { policy } from './wiring.simulation.js';

interface Used {
  usd: number;
  tokens: number;
}

export interface SimulatedRequest {
  readonly id: string;
  readonly ingress: Ingress;
  /** The life of the ingress, and how often it had been stopped, when the request came in. */
  readonly life: number;
  readonly stops: number;
  readonly reservation: Reservation;
  readonly most: Readonly<Used>;
  /** What was posted for its attempts. */
  readonly posted: Map<string, Used>;
  /** What its finished attempts used, as the ingress knows it. */
  readonly spent: Used;
}

/** What upstream was really asked for. */
export interface UpstreamTruth extends Used {
  readonly request: SimulatedRequest;
  readonly worker: Process;
  readonly life: number;
}

const steps = 4;
const zero: Readonly<Used> = { usd: 0, tokens: 0 };

export class AttemptJob {
  private readonly id: string;
  private settled = false;

  constructor(
    private readonly world: World,
    private readonly request: SimulatedRequest,
    private readonly index: number,
  ) {
    this.id = `${request.id}.${index}`;
  }

  /** Sends the attempt to a worker; where none is there, nothing has happened. */
  dispatch(): void {
    const { world, request } = this;
    const ready = world.workers.filter(({ up }) => up);
    if (ready.length === 0 || !world.network.up) return this.finish({ usd: 0, tokens: 0 }, false);
    const worker = world.dice.pick(ready);
    const { life } = worker;
    world.time.after(1 + world.dice.upTo(4), () => {
      if (worker.life === life && world.network.up) this.work(worker);
      else if (request.ingress.life === request.life) this.finish({ usd: 0, tokens: 0 }, false);
    });
  }

  private work(worker: Process): void {
    const { world, request } = this;
    const { dice } = world;
    const over = world.scenario.overcounting && dice.chance(0.02) ? 1.2 : 0.1 + 0.9 * dice.share();
    const total = { usd: Math.floor(request.most.usd * over), tokens: Math.floor(request.most.tokens * over) };
    const truth: UpstreamTruth = { usd: 0, tokens: 0, request, worker, life: worker.life };
    world.truths.set(this.id, truth);
    const stepMs = (50 + dice.upTo(policy.requestDeadlineMs - 1_500)) / steps;
    const breaksAt = dice.chance(0.1) ? 2 : steps;
    const leaves = dice.chance(0.5);
    const step = (done: number) => {
      truth.usd = Math.floor((total.usd * done) / steps);
      truth.tokens = Math.floor((total.tokens * done) / steps);
      const ingressGone = request.ingress.life !== request.life;
      if (done < breaksAt && !ingressGone) return worker.after(stepMs, () => step(done + 1));
      const left = done < steps && !ingressGone && leaves;
      this.end(worker, truth, { left, failed: done < steps && !ingressGone && !leaves });
    };
    this.watch(worker, truth);
    const { announces } = world.wiring;
    if (announces !== 'before') step(0);
    if (announces === 'never') return;
    const { usd, tokens } = request.most;
    const expiresAt = world.time.now + policy.requestDeadlineMs + policy.drainMs;
    const message = { kind: 'open', row: this.row(zero, 'worker'), reserved: { usd, tokens }, expiresAt } as const;
    if (announces === 'before') world.network.announce(worker, message, dice.upTo(3), () => step(0));
    else world.network.announce(worker, message, dice.upTo(300), () => {});
  }

  /** The worker's end: its close, and once that is stored the word to the ingress. */
  private end(worker: Process, truth: UpstreamTruth, how: { left: boolean; failed: boolean }): void {
    const { world, request } = this;
    const used = { usd: truth.usd, tokens: truth.tokens };
    if (how.left && !world.wiring.closesOnDisconnect) {
      this.settled = true;
      return request.reservation.forfeit();
    }
    const tell = () => {
      // Dies between the two: the close is stored and the ingress, which was not told, reports the attempt as well.
      if (world.scenario.faults !== 'none' && world.dice.chance(0.005)) return worker.kill(500);
      if (request.ingress.life !== request.life) return;
      request.ingress.after(1 + world.dice.upTo(5), () => this.finish(used, how.failed));
    };
    const row = this.row(used, 'worker');
    const told = once(tell);
    world.network.publish(worker, { kind: 'close', row }, world.wiring.settlesWhenStored ? told : () => {});
    if (!world.wiring.settlesWhenStored) tell();
  }

  /** The ingress looks whether the worker still lives; where it died, it reports what it saw. */
  private watch(worker: Process, truth: UpstreamTruth): void {
    const { world, request } = this;
    const { life } = worker;
    const look = () => {
      if (this.settled) return;
      if (worker.life === life) return request.ingress.after(100, look);
      if (!world.wiring.ingressCloses) return request.reservation.forfeit();
      const used = { usd: truth.usd, tokens: truth.tokens };
      const row = this.row(used, 'ingress');
      const told = once(() => this.finish(used, false));
      const report = () => world.network.publish(request.ingress, { kind: 'close', row }, told);
      request.ingress.after(world.wiring.reportDelayMs(world.dice), report);
    };
    if (request.ingress.life === request.life) request.ingress.after(100, look);
  }

  /** The ingress knows what the attempt used, and that it is stored. */
  private finish(used: Used, tryAgain: boolean): void {
    if (this.settled) return;
    this.settled = true;
    const { request, world } = this;
    request.spent.usd += used.usd;
    request.spent.tokens += used.tokens;
    const spent = { ...request.spent, requests: 0 };
    const next = { ...request.most, requests: 0 };
    if (tryAgain && this.index < 2 && request.reservation.cover(spent, next, world.time.now)) {
      new AttemptJob(world, request, this.index + 1).dispatch();
    } else {
      request.reservation.settle({ ...spent, requests: 1 });
    }
  }

  private row(used: Readonly<Used>, source: UsageRow['source']): UsageRow {
    const { request } = this;
    return {
      ...blankRow,
      attemptId: this.id,
      requestId: request.id,
      costNanoUsd: used.usd,
      outputTokens: used.tokens,
      source,
      leases: request.reservation.leases,
    };
  }
}

/** At-least-once publishing may report success twice. */
function once(work: () => void): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    work();
  };
}

const at = new Date(0);
const blankRow: UsageRow = {
  attemptId: '',
  requestId: '',
  startedAt: at,
  endedAt: at,
  keyId: null,
  keyAlias: null,
  teamId: null,
  userId: null,
  endUser: null,
  tags: [],
  modelAsked: 'm',
  modelGroup: 'm',
  upstreamModel: 'm',
  deploymentId: 'd',
  backendId: 'b',
  provider: 'p',
  endpoint: 'chat',
  stream: true,
  outcome: 'success',
  errorCode: null,
  finishReason: null,
  inputTokens: 0,
  cachedInputTokens: 0,
  cacheWriteTokens: 0,
  outputTokens: 0,
  reasoningTokens: 0,
  tokenSource: 'upstream',
  costNanoUsd: 0,
  costSource: 'table',
  cloudEquivalentNanoUsd: null,
  durationMs: 0,
  queuedMs: null,
  firstTokenMs: null,
  tokensPerSecond: null,
  contextUsedPercent: null,
  dataPolicy: null,
  cacheHit: false,
  source: 'worker',
  traceId: null,
  leases: [],
};
