/**
 * What the queue of a host is worth under arrivals that do not wait for answers, beside first come, first served. Prints a
 * table of simulated time; with QUEUE_BENCH_REAL=1 also half a minute of real time through a worker, a bus and a fake
 * Ollama, and the same load sent straight to that Ollama. Run it alone:
 * `npx vitest bench --project 'unit (bench)' test/bench/queue.bench.ts --run`.
 */
import { describe, expect, it } from 'vitest';
import type { Backend } from '#contracts';
import { OllamaUpstream, startNats } from '#testing';
import { leastMeanMs } from '../../apps/provider-ollama/queue/clairvoyant.fixtures.js';
import {
  figuresOf,
  poissonArrivals,
  simulate,
  simulateInOrder,
  withVariedAnswers,
  type Arrival,
  type Run,
} from '../../apps/provider-ollama/queue/simulation.fixtures.js';
import {
  ask,
  backendOf,
  connectBus,
  openingOf,
  publish,
  served,
  snapshotOf,
  startWorker,
} from '../../apps/provider-ollama/test/fixtures.js';

const model = { loadMs: 1_000, serviceMs: 100 };
const models = { a: model, b: model, c: model };
const limits = { maxParallel: 1, maxLength: 10_000, maxModelWaitMs: 20_000 };
const host = { holds: 1, models, limits };
const seeds = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];

/** `falls`: in order of arrival the host falls behind for ever. A rare model beside a busy one leaves it some air. */
const cases: { name: string; perSecond: number; shares: Record<string, number>; hosts: number; falls: boolean }[] = [
  { name: 'two models, one host', perSecond: 4, shares: { a: 1, b: 1 }, hosts: 1, falls: true },
  { name: 'two models 9:1, one host', perSecond: 4, shares: { a: 9, b: 1 }, hosts: 1, falls: false },
  { name: 'three models, one host', perSecond: 4, shares: { a: 1, b: 1, c: 1 }, hosts: 1, falls: true },
  { name: 'three models 7:2:1, one host', perSecond: 4, shares: { a: 7, b: 2, c: 1 }, hosts: 1, falls: true },
  { name: 'two models, two hosts', perSecond: 8, shares: { a: 1, b: 1 }, hosts: 2, falls: true },
  { name: 'three models 7:2:1, two hosts', perSecond: 8, shares: { a: 7, b: 2, c: 1 }, hosts: 2, falls: true },
];

interface Row {
  readonly mean: number;
  readonly p95: number;
  readonly longestWait: number;
  readonly swaps: number;
}

function rowOf(runs: readonly Run[]): Row {
  const all = runs.flatMap((run) => run.served);
  const { mean, p95 } = figuresOf(all.map(({ latencyMs }) => latencyMs));
  const longestWait = Math.max(...all.map(({ waitMs }) => waitMs));
  return { mean, p95, longestWait, swaps: runs.reduce((sum, run) => sum + run.swaps, 0) / runs.length };
}

function print(name: string, rows: Readonly<Record<string, Row>>): void {
  const seconds = (ms: number) => (ms / 1_000).toFixed(2).padStart(7);
  const lines = Object.entries(rows).map(
    ([label, { mean, p95, longestWait, swaps }]) =>
      `  ${label.padEnd(18)} mean ${seconds(mean)} s  p95 ${seconds(p95)} s  longest wait ${seconds(longestWait)} s  swaps ${swaps.toFixed(1)}`,
  );
  process.stdout.write(`${name}\n${lines.join('\n')}\n`);
}

describe('simulated, ten seeds of 30 s each', () => {
  it.each(cases)('$name', ({ name, perSecond, shares, hosts, falls }) => {
    const loads = seeds.map((seed) => poissonArrivals({ seed, perSecond, forMs: 30_000, shares }));
    const fleet = Array.from({ length: hosts }, () => host);
    const ours = rowOf(loads.map((arrivals) => simulate(arrivals, fleet)));
    if (hosts > 1) {
      print(name, { ours });
      return;
    }
    const inOrder = rowOf(loads.map((arrivals) => simulateInOrder(arrivals, models)));
    print(name, { 'in order': inOrder, ours });
    expect(ours.swaps).toBeLessThanOrEqual(inOrder.swaps * (falls ? 0.5 : 0.75));
    expect(ours.longestWait).toBeLessThanOrEqual(limits.maxModelWaitMs + model.serviceMs);
  });

  it('reaches a tenth of the mean and the 95th percentile', () => {
    const loads = seeds.map((seed) => poissonArrivals({ seed, perSecond: 4, forMs: 30_000, shares: { a: 1, b: 1 } }));
    const ours = rowOf(loads.map((arrivals) => simulate(arrivals, [host])));
    const inOrder = rowOf(loads.map((arrivals) => simulateInOrder(arrivals, models)));
    expect(ours.mean).toBeLessThanOrEqual(inOrder.mean / 10);
    expect(ours.p95).toBeLessThanOrEqual(inOrder.p95 / 10);
  });

  it.each([
    ['1:1', { a: 1, b: 1 }, 10, 1.5],
    ['9:1', { a: 9, b: 1 }, 5, 1.75],
  ])('%s, beside what nobody can beat who knows all arrivals beforehand', (name, shares, lessThanInOrder, ofLeast) => {
    const loads = seeds.map((seed) => poissonArrivals({ seed, perSecond: 4, forMs: 30_000, shares }));
    const ours = rowOf(loads.map((arrivals) => simulate(arrivals, [host]))).mean;
    const inOrder = rowOf(loads.map((arrivals) => simulateInOrder(arrivals, models))).mean;
    const sum = loads.reduce((total, arrivals) => total + leastMeanMs(arrivals, models) * arrivals.length, 0);
    const least = sum / loads.reduce((total, arrivals) => total + arrivals.length, 0);
    const share = (mean: number) => `${(mean / 1_000).toFixed(2)} s = 1/${(inOrder / mean).toFixed(1)}`;
    process.stdout.write(`mean at ${name}, beside in order: ours ${share(ours)}, least possible ${share(least)}\n`);
    expect(ours).toBeLessThanOrEqual(inOrder / lessThanInOrder);
    expect(ours).toBeLessThanOrEqual(least * ofLeast);
  });

  it('is five times better than in order at 9 to 1', () => {
    const loads = seeds.map((seed) => poissonArrivals({ seed, perSecond: 4, forMs: 30_000, shares: { a: 9, b: 1 } }));
    const ours = rowOf(loads.map((arrivals) => simulate(arrivals, [host])));
    const inOrder = rowOf(loads.map((arrivals) => simulateInOrder(arrivals, models)));
    expect(ours.mean).toBeLessThanOrEqual(inOrder.mean / 5);
    expect(ours.p95).toBeLessThanOrEqual(inOrder.p95 / 7);
  });

  it.each([
    ['two models, equal answers', { a: 1, b: 1 }, false],
    ['two models, answers of all lengths', { a: 1, b: 1 }, true],
    ['three models, answers of all lengths', { a: 1, b: 1, c: 1 }, true],
    ['two models 9:1, answers of all lengths', { a: 9, b: 1 }, true],
  ])('tells how long the wait will be, within 30 %% at the median: %s', (name, shares, isVaried) => {
    const errors = seeds.flatMap((seed) => {
      const arrivals = poissonArrivals({ seed, perSecond: 4, forMs: 30_000, shares });
      const played = isVaried ? withVariedAnswers(arrivals, seed, model.serviceMs) : arrivals;
      const run = simulate(played, [host], { tells: true });
      return run.served.flatMap(({ toldMs, waitMs }) =>
        toldMs === null ? [] : Math.abs(toldMs - waitMs) / Math.max(waitMs, 1),
      );
    });
    const median = errors.toSorted((a, b) => a - b)[Math.floor(errors.length / 2)] ?? 0;
    const text = `error of the estimate at the median, ${name}: ${(median * 100).toFixed(0)} % of ${errors.length} waits`;
    process.stdout.write(`${text}\n`);
    expect(median).toBeLessThanOrEqual(0.3);
  });
});

describe.runIf(process.env['QUEUE_BENCH_REAL'] === '1')('real time, two models on a host that holds one', () => {
  const forMs = 30_000;
  const arrivals = poissonArrivals({ seed: 7, perSecond: 4, forMs, shares: { a: 1, b: 1 } });

  async function startHost(): Promise<OllamaUpstream> {
    const ollama = await OllamaUpstream.start({ models: ['a', 'b'], maxLoaded: 1, loadMs: 1_000 });
    ollama.script.default({ text: ['x'], delayMs: 100 });
    return ollama;
  }

  /** Sends each arrival at its time; returns latencies. */
  async function play(send: (arrival: Arrival) => Promise<void>): Promise<number[]> {
    const startedAt = performance.now();
    return Promise.all(
      arrivals.map(async (arrival) => {
        await new Promise((resolve) => setTimeout(resolve, arrival.at));
        await send(arrival);
        return performance.now() - startedAt - arrival.at;
      }),
    );
  }

  function tell(name: string, latencies: readonly number[], ollama: OllamaUpstream): void {
    const { mean, p95, max } = figuresOf(latencies);
    print(name, { measured: { mean, p95, longestWait: max, swaps: ollama.engine.loads.length - 1 } });
  }

  it('straight to the host, in order of arrival', { timeout: 180_000 }, async () => {
    const ollama = await startHost();
    const chat = async (name: string) => {
      const body = JSON.stringify({ model: name, messages: [{ role: 'user', content: 'x' }] });
      await (await fetch(`${ollama.url}/api/chat`, { method: 'POST', body })).text();
    };
    let before = Promise.resolve();
    const latencies = await play(({ model: name }) => (before = before.then(() => chat(name))));
    tell('in order', latencies, ollama);
    await ollama.stop();
  });

  it('through the queue', { timeout: 180_000 }, async () => {
    const [ollama, nats] = [await startHost(), await startNats()];
    const bus = await connectBus(nats.url, 'ingress');
    const backend: Backend = backendOf('gpu', ollama.url);
    await publish(bus, snapshotOf([backend], [], { maxQueueLength: 1_000 }));
    const worker = await startWorker(nats.url);
    await served(bus, backend);
    const latencies = await play(async ({ model: name }) => {
      const { failure } = await ask(bus, openingOf(backend, name, { deadlineMs: 120_000 }));
      expect(failure).toBeNull();
    });
    tell('ours', latencies, ollama);
    await worker.stop();
    await bus.drain();
    await Promise.all([ollama.stop(), nats.stop()]);
  });
});
