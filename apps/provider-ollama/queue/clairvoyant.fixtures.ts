/**
 * The least mean time that anybody could reach who knows all arrivals beforehand, on a host that runs one request at a
 * time and holds one model: what no policy can beat. Requests of one model are alike, so in the best order they go first
 * come, first served among themselves, and only the order of the models is searched: for each number served of each, and
 * each loaded model, all pairs of time and cost that no other pair beats.
 */
import type { Arrival, HostModel } from './simulation.fixtures.js';

/** When the last of them was done, and the sum of all times from arrival to answer so far. Milliseconds. */
interface Label {
  readonly at: number;
  readonly cost: number;
}

/** Milliseconds. The host may be idle and may load what nobody has asked for yet; at the start nothing is loaded. */
export function leastMeanMs(arrivals: readonly Arrival[], models: Readonly<Record<string, HostModel>>): number {
  const names = [...new Set(arrivals.map(({ model }) => model))];
  const lines = names.map((name) => arrivals.filter(({ model }) => model === name).map(({ at }) => at));
  const specs = names.map((name) => models[name] ?? { loadMs: 1_000, serviceMs: 100 });
  let layer = new Map<string, Label[]>([
    [
      keyOf(
        -1,
        lines.map(() => 0),
      ),
      [{ at: Number.NEGATIVE_INFINITY, cost: 0 }],
    ],
  ]);
  for (let served = 0; served < arrivals.length; served += 1) {
    const next = new Map<string, Label[]>();
    for (const [key, labels] of layer) {
      const [loaded = -1, ...counts] = key.split(',').map(Number);
      lines.forEach((line, model) => {
        const arrivedAt = line[counts[model] ?? 0];
        const spec = specs[model];
        if (arrivedAt === undefined || spec === undefined) return;
        const loadMs = loaded === model ? 0 : spec.loadMs;
        const reached = keyOf(model, counts.with(model, (counts[model] ?? 0) + 1));
        const already = next.get(reached) ?? [];
        for (const { at, cost } of labels) {
          const doneAt = Math.max(at + loadMs, arrivedAt) + spec.serviceMs;
          already.push({ at: doneAt, cost: cost + doneAt - arrivedAt });
        }
        next.set(reached, already);
      });
    }
    layer = new Map([...next].map(([key, labels]) => [key, unbeaten(labels)]));
  }
  return Math.min(...[...layer.values()].flat().map(({ cost }) => cost)) / Math.max(1, arrivals.length);
}

function keyOf(loaded: number, counts: readonly number[]): string {
  return [loaded, ...counts].join(',');
}

/** Those that no other is both earlier and cheaper than. */
function unbeaten(labels: readonly Label[]): Label[] {
  const sorted = labels.toSorted((a, b) => a.at - b.at || a.cost - b.cost);
  let least = Number.POSITIVE_INFINITY;
  return sorted.filter(({ cost }) => {
    if (cost >= least) return false;
    least = cost;
    return true;
  });
}
