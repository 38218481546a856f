import { describe, expect, it } from 'vitest';
import { FleetUnderTest, loaded, type DeploymentSpec } from '../route.fixtures.js';

const pool = (specs: readonly Partial<DeploymentSpec>[]): DeploymentSpec[] =>
  specs.map((spec, at) => ({ modelName: 'm', host: `host-${at}`, id: `d${at}`, ...spec }));

/** How often each deployment comes first in `times` plans. */
function shares(fleet: FleetUnderTest, times: number, stream = false): Record<string, number> {
  const counts: Record<string, number> = {};
  for (let i = 0; i < times; i += 1) {
    const id = fleet.plan('m', { stream }).attempts[0]?.deploymentId ?? '';
    counts[id] = (counts[id] ?? 0) + 1;
  }
  return counts;
}

/** Three standard deviations of a binomial count. */
const threeSigma = (times: number, share: number) => 3 * Math.sqrt(times * share * (1 - share));

describe('simple-shuffle', () => {
  const routing = { strategy: 'simple-shuffle' } as const;
  it.each([
    ['evenly without numbers', [{}, {}], [0.5, 0.5]],
    ['by weight', [{ weight: 1 }, { weight: 3 }], [0.25, 0.75]],
    ['a missing weight is 1', [{}, { weight: 4 }], [0.2, 0.8]],
    ['a weight of 0 gets nothing while others are there', [{ weight: 0 }, { weight: 2 }], [0, 1]],
    ['by rpm', [{ rpm: 3_000 }, { rpm: 9_000 }], [0.25, 0.75]],
    [
      'weight wins over rpm',
      [
        { weight: 1, rpm: 90_000 },
        { weight: 1, rpm: 10_000 },
      ],
      [0.5, 0.5],
    ],
    ['by tpm', [{ tpm: 1_000_000 }, { tpm: 4_000_000 }], [0.2, 0.8]],
    ['a missing rpm is the mean', [{ rpm: 2_000 }, { rpm: 6_000 }, {}], [1 / 6, 0.5, 1 / 3]],
  ] as const)('%s', (_name, specs, expected) => {
    const fleet = new FleetUnderTest({ deployments: pool(specs), routing }, 3);
    const times = 3_000;
    const counts = shares(fleet, times);
    for (const [at, share] of expected.entries()) {
      const count = counts[`d${at}`] ?? 0;
      expect(Math.abs(count - share * times)).toBeLessThanOrEqual(threeSigma(times, share));
    }
  });
});

describe('least-busy', () => {
  const routing = { strategy: 'least-busy' } as const;

  it('counts what runs and what waits on the host', () => {
    const fleet = new FleetUnderTest({ deployments: pool([{}, {}, {}]), routing });
    fleet.load('host-0', { running: 1, queued: 2 });
    fleet.load('host-1', { running: 2 });
    fleet.load('host-2', { running: 1, queued: 3 });
    expect(fleet.hosts('m')).toEqual(['host-1', 'host-0', 'host-2']);
  });

  it('counts what it has sent off since the last report', () => {
    const fleet = new FleetUnderTest({ deployments: pool([{}, {}, {}]), routing });
    const firsts = [1, 2, 3].map((at) => fleet.start('m', { requestId: `r${at}` }).attempts[0]?.backend.id);
    expect(new Set(firsts).size).toBe(3);
  });
});

describe('latency-based-routing', () => {
  const routing = { strategy: 'latency-based-routing' } as const;
  const measured = (specs: readonly number[], args: Record<string, unknown> = {}) => {
    const deployments = pool(specs.map(() => ({})));
    const fleet = new FleetUnderTest({ deployments, routing: { ...routing, strategyArgs: args } });
    for (const [at, durationMs] of specs.entries()) fleet.outcome(`d${at}`, { durationMs, outputTokens: 10 });
    return fleet;
  };

  it('prefers the fastest per token', () => {
    const counts = shares(measured([900, 300, 600], { exploration: 0 }), 50);
    expect(counts).toEqual({ d1: 50 });
  });

  it('shares among those within the buffer', () => {
    const counts = shares(measured([300, 330, 900], { exploration: 0, lowest_latency_buffer: 0.2 }), 400);
    expect(Math.abs((counts['d0'] ?? 0) - 200)).toBeLessThanOrEqual(threeSigma(400, 0.5));
    expect(counts['d2']).toBeUndefined();
  });

  it('looks at the first token for streams', () => {
    const fleet = measured([], { exploration: 0 });
    const other = new FleetUnderTest({ deployments: pool([{}, {}]), routing: fleet.index.snapshot.routing });
    other.outcome('d0', { stream: true, firstTokenMs: 50, durationMs: 9_000, outputTokens: 10 });
    other.outcome('d1', { stream: true, firstTokenMs: 800, durationMs: 1_000, outputTokens: 10 });
    expect(shares(other, 10, true)).toEqual({ d0: 10 });
    expect(shares(other, 10, false)).toEqual({ d1: 10 });
  });

  it('tries the unmeasured first, one request at a time', () => {
    const fleet = new FleetUnderTest({
      deployments: pool([{}, {}]),
      routing: { ...routing, strategyArgs: { exploration: 0 } },
    });
    fleet.outcome('d0', { durationMs: 100, outputTokens: 10 });
    expect(fleet.start('m', { requestId: 'r1' }).attempts[0]?.deploymentId).toBe('d1');
    const counts = shares(fleet, 100);
    expect(counts['d0'] ?? 0).toBeGreaterThan(20);
  });

  it('sends a burst to the other host as soon as it would be faster there, and does not for clouds', () => {
    const burst = (more: Partial<DeploymentSpec>) => {
      const deployments = pool([more, more]);
      const fleet = new FleetUnderTest({ deployments, routing: { ...routing, strategyArgs: { exploration: 0 } } });
      fleet.outcome('d0', { durationMs: 100, outputTokens: 10 });
      fleet.outcome('d1', { durationMs: 250, outputTokens: 10 });
      return Array.from(
        { length: 7 },
        (_none, at) => fleet.start('m', { requestId: `r${at}` }).attempts[0]?.deploymentId,
      );
    };
    // Two and a half times slower: it takes one request for two or three of the other.
    expect(burst({})).toEqual(['d0', 'd0', 'd1', 'd0', 'd0', 'd1', 'd0']);
    expect(new Set(burst({ kind: 'cloud' }))).toEqual(new Set(['d0']));
  });

  it('a host whose first sample was a cold start is measured again, and wins when it is faster', () => {
    const fleet = measured([200, 20_000]);
    for (let at = 0; at < 400; at += 1) {
      fleet.nowMs += 1_000;
      const id = fleet.start('m', { requestId: `r${at}` }).attempts[0]?.deploymentId ?? '';
      fleet.outcome(id, { requestId: `r${at}`, durationMs: id === 'd1' ? 100 : 200, outputTokens: 10 });
    }
    expect(shares(fleet, 100)['d1'] ?? 0).toBeGreaterThan(80);
  });
});

describe('usage-based-routing-v2', () => {
  it('prefers the one with the fewest tokens in the last minute', () => {
    const fleet = new FleetUnderTest({ deployments: pool([{}, {}]), routing: { strategy: 'usage-based-routing-v2' } });
    fleet.outcome('d0', { inputTokens: 500, outputTokens: 500 });
    fleet.outcome('d1', { inputTokens: 10, outputTokens: 500 });
    expect(fleet.hosts('m')).toEqual(['host-1', 'host-0']);
    fleet.nowMs += 65_000;
    fleet.outcome('d1', { inputTokens: 10, outputTokens: 5 });
    expect(fleet.hosts('m')).toEqual(['host-0', 'host-1']);
  });
});

describe('cost-based-routing', () => {
  it('takes 0 for 0, and the unknown for the dearest', () => {
    const price = (input: string, output: string) => ({
      inputPerMillion: input,
      outputPerMillion: output,
      cacheReadPerMillion: null,
      cacheWritePerMillion: null,
      perRequest: null,
      source: 'config' as const,
    });
    const deployments = pool([
      { price: null },
      { price: price('2.5', '10') },
      { price: price('0', '0') },
      { price: price('0.15', '0.6') },
    ]);
    const fleet = new FleetUnderTest({ deployments, routing: { strategy: 'cost-based-routing' } });
    expect(fleet.hosts('m')).toEqual(['host-2', 'host-3', 'host-1', 'host-0']);
  });
});

describe('residency', () => {
  const twoHosts = () => new FleetUnderTest({ deployments: pool([{}, {}]) });

  it('is the default for a pool of local hosts, and prefers the one with the model in memory', () => {
    const fleet = twoHosts();
    fleet.load('host-1', { loaded: loaded('m:latest') });
    expect(fleet.hosts('m')).toEqual(['host-1', 'host-0']);
    expect(fleet.plan('m').attempts[0]?.why).toContain('model is loaded');
  });

  it('is not the default where a cloud is in the pool', () => {
    const fleet = new FleetUnderTest({ deployments: pool([{}, { kind: 'cloud' }]) });
    expect(fleet.plan('m').attempts[0]?.why).toContain('simple-shuffle');
  });

  it('goes to a host that must load once the queue of the other is longer than a load', () => {
    const fleet = twoHosts();
    fleet.load('host-1', { loaded: loaded('m'), running: 1, queued: 2, expectedWaitMs: 4_000 });
    expect(fleet.hosts('m')[0]).toBe('host-1');
    fleet.load('host-1', { loaded: loaded('m'), running: 1, queued: 9, expectedWaitMs: 25_000 });
    expect(fleet.hosts('m')[0]).toBe('host-0');
  });

  it('loads a model where the least else is in memory', () => {
    const fleet = twoHosts();
    fleet.load('host-0', { loaded: loaded('x', 'y') });
    fleet.load('host-1', { loaded: loaded('x') });
    for (let times = 0; times < 10; times += 1) expect(fleet.hosts('m')).toEqual(['host-1', 'host-0']);
  });

  it('does not send a burst to one host between two reports', () => {
    const fleet = twoHosts();
    for (const host of ['host-0', 'host-1']) fleet.load(host, { loaded: loaded('m'), expectedWaitMs: 0 });
    const firsts = Array.from(
      { length: 20 },
      (_unused, at) => fleet.start('m', { requestId: `r${at}` }).attempts[0]?.backend.id,
    );
    expect(firsts.filter((host) => host === 'host-0')).toHaveLength(10);
  });
});
