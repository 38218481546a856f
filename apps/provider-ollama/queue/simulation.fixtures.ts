/** A discrete simulation of hosts behind their queues, for tests and benchmarks: no clock, no network, seeded arrivals. */
import type { Priority } from '#contracts';
import { expectedWaitMs, forecast } from './forecast.js';
import { HostQueue, type Decision, type QueueLimits } from './host-queue.js';

export interface Arrival {
  readonly id: string;
  readonly at: number;
  readonly model: string;
  readonly priority?: Priority;
  readonly maxWaitMs?: number | null;
  /** How long its answer takes; without it, what is usual for its model. */
  readonly serviceMs?: number;
}

export interface HostModel {
  readonly loadMs: number;
  readonly serviceMs: number;
}

export interface HostSpec {
  /** Models that fit into the memory at once. */
  readonly holds: number;
  readonly models: Readonly<Record<string, HostModel>>;
  readonly limits: QueueLimits;
}

export interface Served {
  readonly id: string;
  readonly model: string;
  readonly priority: Priority;
  readonly host: number;
  readonly arrivedAt: number;
  readonly startedAt: number;
  readonly finishedAt: number;
  /** From arrival to the end. */
  readonly latencyMs: number;
  readonly waitMs: number;
  /** What it was told when it came; null where it started at once. */
  readonly toldMs: number | null;
}

export interface Run {
  readonly served: readonly Served[];
  readonly expired: readonly string[];
  readonly refused: readonly string[];
  readonly loads: number;
  /** Loads that displaced another model. */
  readonly swaps: number;
  /** True if at some moment somebody waited at a host that ran nothing. */
  readonly idled: boolean;
  readonly mostRunning: number;
}

/** A small generator of uniform numbers in [0, 1): the same seed gives the same run (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Arrivals that do not wait for answers: exponential gaps, models by their shares. */
export function poissonArrivals(options: {
  seed: number;
  perSecond: number;
  forMs: number;
  shares: Readonly<Record<string, number>>;
}): Arrival[] {
  const random = seeded(options.seed);
  const total = Object.values(options.shares).reduce((sum, share) => sum + share, 0);
  const arrivals: Arrival[] = [];
  for (let at = 0; ;) {
    at += (-Math.log(1 - random()) * 1000) / options.perSecond;
    if (at > options.forMs) return arrivals;
    let draw = random() * total;
    const model = Object.keys(options.shares).find((name) => (draw -= options.shares[name] ?? 0) < 0) ?? '';
    arrivals.push({ id: `r${arrivals.length}`, at, model });
  }
}

/** The same arrivals with answers of all lengths: exponential, with this mean. */
export function withVariedAnswers(arrivals: readonly Arrival[], seed: number, meanMs: number): Arrival[] {
  const random = seeded(seed);
  return arrivals.map((arrival) => ({ ...arrival, serviceMs: -Math.log(1 - random()) * meanMs }));
}

interface Event {
  readonly at: number;
  readonly act: (now: number) => void;
}

/** One host as Ollama behaves: a load waits until the victim's requests have ended. */
class SimulatedHost {
  readonly queue: HostQueue;
  private readonly memory: string[] = [];
  private readonly busy = new Map<string, number>();
  loads = 0;
  swaps = 0;
  idled = false;
  mostRunning = 0;

  constructor(
    readonly index: number,
    private readonly spec: HostSpec,
    private readonly world: World,
  ) {
    this.queue = new HostQueue(spec.limits);
  }

  arrive(arrival: Arrival, now: number): void {
    this.world.arrivals.set(arrival.id, arrival);
    const { id, model, priority = 'normal', maxWaitMs = null } = arrival;
    const { refused, decisions } = this.queue.enqueue({ id, model, priority, maxWaitMs }, now);
    if (refused) this.world.refused.push(id);
    this.act(decisions, now);
    if (!this.world.tells) return;
    const told = forecast(this.queue, now).get(id);
    if (told !== undefined) this.world.told.set(id, told.waitMs);
  }

  act(decisions: readonly Decision[], now: number): void {
    for (const decision of decisions) {
      if (decision.kind === 'expire') this.world.expired.push(decision.id);
      else this.start(decision, now);
    }
    const { running, waiting } = this.queue.counts;
    this.mostRunning = Math.max(this.mostRunning, running);
    if (running === 0 && waiting > 0) this.idled = true;
    const next = this.queue.nextTickAt(now);
    if (next !== null) this.world.plan(Math.max(next, now), (at) => this.act(this.queue.tick(at), at));
  }

  private start({ id, model }: { id: string; model: string }, now: number): void {
    this.world.started.set(id, now);
    this.busy.set(model, (this.busy.get(model) ?? 0) + 1);
    const serviceMs = this.world.arrivals.get(id)?.serviceMs ?? this.modelSpec(model).serviceMs;
    const ready = this.makeRoomFor(model, serviceMs, now);
    this.world.plan(ready, (at) => {
      if (ready > now) this.queue.estimates.recordLoad(model, ready - now);
      this.act(this.queue.loaded(id, at).decisions, at);
      this.act(this.queue.observe([...this.memory], at), at);
    });
    this.world.plan(ready + serviceMs, (at) => {
      this.busy.set(model, (this.busy.get(model) ?? 1) - 1);
      this.queue.estimates.recordService(model, serviceMs, null);
      this.world.finish(this, id, at);
      this.act(this.queue.finish(id, at), at);
    });
  }

  private readonly readyAt = new Map<string, number>();
  private readonly busyUntil = new Map<string, number>();

  /** When the model is in memory. */
  private makeRoomFor(model: string, serviceMs: number, now: number): number {
    const spec = this.modelSpec(model);
    let ready = Math.max(now, this.readyAt.get(model) ?? now);
    if (!this.memory.includes(model)) {
      this.loads += 1;
      let roomAt = now;
      if (this.memory.length >= this.spec.holds) {
        const victim = this.memory.find((other) => (this.busy.get(other) ?? 0) === 0) ?? this.memory[0];
        if (victim !== undefined) {
          this.swaps += 1;
          roomAt = Math.max(now, this.busyUntil.get(victim) ?? now);
          this.memory.splice(this.memory.indexOf(victim), 1);
        }
      }
      this.memory.push(model);
      ready = roomAt + spec.loadMs;
      this.readyAt.set(model, ready);
    }
    this.busyUntil.set(model, Math.max(this.busyUntil.get(model) ?? 0, ready + serviceMs));
    return ready;
  }

  private modelSpec(model: string): HostModel {
    return this.spec.models[model] ?? { loadMs: 1_000, serviceMs: 100 };
  }
}

class World {
  readonly arrivals = new Map<string, Arrival>();
  readonly started = new Map<string, number>();
  readonly served: Served[] = [];
  readonly expired: string[] = [];
  readonly refused: string[] = [];
  readonly told = new Map<string, number>();
  private readonly events: Event[] = [];
  private now = 0;

  constructor(readonly tells: boolean) {}

  plan(at: number, act: (now: number) => void): void {
    let index = this.events.length;
    while (index > 0 && (this.events[index - 1]?.at ?? 0) > at) index -= 1;
    this.events.splice(index, 0, { at, act });
  }

  run(): void {
    for (let event = this.events.shift(); event !== undefined; event = this.events.shift()) {
      this.now = Math.max(this.now, event.at);
      event.act(this.now);
    }
  }

  finish(host: SimulatedHost, id: string, at: number): void {
    const arrival = this.arrivals.get(id);
    const startedAt = this.started.get(id);
    if (arrival === undefined || startedAt === undefined) return;
    const { model, priority = 'normal', at: arrivedAt } = arrival;
    const times = { arrivedAt, startedAt, finishedAt: at, latencyMs: at - arrivedAt, waitMs: startedAt - arrivedAt };
    this.served.push({ id, model, priority, host: host.index, ...times, toldMs: this.told.get(id) ?? null });
  }
}

/** Runs all arrivals to their end. With several hosts each request goes where its model is warm, else to the shorter wait. */
export function simulate(
  arrivals: readonly Arrival[],
  hosts: readonly HostSpec[],
  options: { tells?: boolean } = {},
): Run {
  const world = new World(options.tells ?? false);
  const running = hosts.map((spec, index) => new SimulatedHost(index, spec, world));
  for (const arrival of arrivals) {
    world.plan(arrival.at, (now) => chooseHost(running, arrival, now)?.arrive(arrival, now));
  }
  world.run();
  return {
    served: world.served,
    expired: world.expired,
    refused: world.refused,
    loads: running.reduce((sum, host) => sum + host.loads, 0),
    swaps: running.reduce((sum, host) => sum + host.swaps, 0),
    idled: running.some((host) => host.idled),
    mostRunning: Math.max(...running.map((host) => host.mostRunning)),
  };
}

/** The router's rule: a host that has the model, or is getting it; among equals the shorter wait. */
function chooseHost(hosts: readonly SimulatedHost[], arrival: Arrival, now: number): SimulatedHost | undefined {
  if (hosts.length === 1) return hosts[0];
  const isWarm = ({ queue }: SimulatedHost) =>
    queue.residency.has(arrival.model) || queue.runningRequests().some((request) => request.model === arrival.model);
  const warm = hosts.filter(isWarm);
  const waits = new Map(hosts.map((host) => [host, expectedWaitMs(host.queue, now)]));
  const byWait = (a: SimulatedHost, b: SimulatedHost) => (waits.get(a) ?? 0) - (waits.get(b) ?? 0);
  return (warm.length > 0 ? warm : hosts).toSorted(byWait)[0];
}

/** Strictly first come, first served on one host that holds one model: what a plain proxy leaves to Ollama. */
export function simulateInOrder(arrivals: readonly Arrival[], models: Readonly<Record<string, HostModel>>): Run {
  const served: Served[] = [];
  let free = 0;
  let loadedModel: string | null = null;
  let loads = 0;
  for (const { id, at, model, priority = 'normal' } of arrivals) {
    const spec = models[model] ?? { loadMs: 1_000, serviceMs: 100 };
    const startedAt = Math.max(at, free);
    if (loadedModel !== model) loads += 1;
    free = startedAt + (loadedModel === model ? 0 : spec.loadMs) + spec.serviceMs;
    loadedModel = model;
    const times = { arrivedAt: at, startedAt, finishedAt: free, latencyMs: free - at, waitMs: startedAt - at };
    served.push({ id, model, priority, host: 0, ...times, toldMs: null });
  }
  return { served, expired: [], refused: [], loads, swaps: Math.max(0, loads - 1), idled: false, mostRunning: 1 };
}

export interface Figures {
  readonly mean: number;
  readonly p95: number;
  readonly max: number;
}

/** Mean, 95th percentile and maximum. */
export function figuresOf(values: readonly number[]): Figures {
  const sorted = values.toSorted((a, b) => a - b);
  const mean = sorted.reduce((sum, value) => sum + value, 0) / Math.max(1, sorted.length);
  return { mean, p95: sorted[Math.ceil(sorted.length * 0.95) - 1] ?? 0, max: sorted.at(-1) ?? 0 };
}
