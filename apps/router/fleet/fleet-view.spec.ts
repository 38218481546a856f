import { describe, expect, it } from 'vitest';
import { RequestId } from '#contracts';
import { buildRouteIndex } from '../route-index.js';
import { FleetUnderTest, installed, loaded, snapshotOf, startMs } from '../route.fixtures.js';

const twoHosts = () =>
  new FleetUnderTest({
    deployments: [
      { modelName: 'm', host: 'one', id: 'a' },
      { modelName: 'm', host: 'two', id: 'b' },
      { modelName: 'other', host: 'one', id: 'c' },
    ],
  });

const openRouter = { kind: 'cloud', provider: 'openrouter', host: 'openrouter' } as const;

describe('in-flight counts', () => {
  it('rise with a plan and fall with its outcome', () => {
    const fleet = twoHosts();
    const first = fleet.start('m', { requestId: 'r1' }).attempts[0]?.deploymentId ?? '';
    expect(fleet.view.inFlight(first)).toBe(1);
    fleet.outcome(first, { requestId: 'r1' });
    fleet.outcome(first, { requestId: 'r1' });
    expect(fleet.view.inFlight(first)).toBe(0);
  });

  it('are not lowered by outcomes of other routers', () => {
    const fleet = twoHosts();
    const first = fleet.start('m', { requestId: 'r1' }).attempts[0]?.deploymentId ?? '';
    fleet.outcome(first, { requestId: 'of-another-router' });
    fleet.outcome(first);
    expect(fleet.view.inFlight(first)).toBe(1);
  });

  it('are lowered by any outcome of the request, also where another router made the plan that was used', () => {
    const fleet = twoHosts();
    fleet.start('other', { requestId: 'r1' });
    fleet.outcome('b', { requestId: 'r1' });
    expect(fleet.view.inFlight('c')).toBe(0);
  });

  it('count a request once that is planned twice', () => {
    const fleet = twoHosts();
    fleet.start('other', { requestId: 'r1' });
    fleet.start('other', { requestId: 'r1' });
    expect(fleet.view.inFlight('c')).toBe(1);
    expect(fleet.view.usage('c', fleet.nowMs).requests).toBe(1);
  });

  it('leave a request that is planned anew the place and the trial that its first plan had', () => {
    const fleet = new FleetUnderTest({ deployments: [{ modelName: 'm', host: 'h', id: 'a', rpm: 1 }] });
    fleet.start('m', { requestId: 'r1' });
    fleet.view.takeBack(RequestId.parse('r1'), fleet.nowMs);
    expect(fleet.view.inFlight('a')).toBe(0);
    expect(fleet.start('m', { requestId: 'r1' }).attempts).not.toHaveLength(0);
  });

  it('forget a start whose outcome never came', () => {
    const fleet = twoHosts();
    fleet.start('other', { requestId: 'lost' });
    fleet.nowMs += 600_000;
    fleet.start('other', { requestId: 'next' });
    expect(fleet.view.inFlight('c')).toBe(1);
  });
});

describe('usage per minute', () => {
  it('takes back what was counted for a plan that nobody used', () => {
    const fleet = twoHosts();
    fleet.start('other', { requestId: 'r1', inputTokens: 100 });
    fleet.outcome('c', { requestId: 'r1', ok: false, blame: 'gateway', unused: true, inputTokens: 0, outputTokens: 0 });
    fleet.outcome('c', { requestId: 'r2', ok: false, blame: 'gateway', unused: true, inputTokens: 0, outputTokens: 0 });
    expect(fleet.view.inFlight('c')).toBe(0);
    expect(fleet.view.usage('c', fleet.nowMs)).toEqual({ requests: 0, tokens: 0 });
  });

  it('counts a request of its own once, and its estimated tokens until the true ones are known', () => {
    const fleet = twoHosts();
    fleet.start('other', { requestId: 'r1', inputTokens: 100 });
    expect(fleet.view.usage('c', fleet.nowMs)).toEqual({ requests: 1, tokens: 100 });
    fleet.outcome('c', { requestId: 'r1', inputTokens: 90, outputTokens: 30 });
    expect(fleet.view.usage('c', fleet.nowMs)).toEqual({ requests: 1, tokens: 120 });
  });

  it('counts the requests of other routers too', () => {
    const fleet = twoHosts();
    fleet.outcome('c', { requestId: 'elsewhere', inputTokens: 5, outputTokens: 5 });
    expect(fleet.view.usage('c', fleet.nowMs)).toEqual({ requests: 1, tokens: 10 });
    expect(fleet.view.usage('c', fleet.nowMs + 65_000)).toEqual({ requests: 0, tokens: 0 });
  });
});

describe('cooldowns', () => {
  const kind = (fleet: FleetUnderTest, deployment: string, host: string, free = false) =>
    fleet.view.breaker(deployment, host, free, fleet.nowMs).kind;

  describe('with allowed_fails_policy', () => {
    const fleetWith = (own: { allowedFailsPolicy?: object } = {}) =>
      new FleetUnderTest({
        deployments: [{ modelName: 'm', host: 'one', id: 'a', ...own }],
        routing: {
          allowedFails: 1,
          allowedFailsPolicy: { RateLimitError: 2, AuthenticationError: 1, InternalServerError: 0 },
        },
      });
    const failed = (fleet: FleetUnderTest, times: number, code: string, upstreamStatus: number | null) => {
      for (let i = 0; i < times; i += 1) fleet.fail('a', code, { upstreamStatus });
      return kind(fleet, 'a', 'one');
    };

    it.each([
      ['rate_limit_exceeded', 429, 3],
      ['upstream_error', 401, 2],
      ['upstream_error', 500, 1],
      ['upstream_error', 503, 1],
      ['upstream_timeout', null, 2],
    ] as const)('%s with status %s takes it out at failure %i', (code, status, needed) => {
      expect(failed(fleetWith(), needed - 1, code, status)).toBe('closed');
      expect(failed(fleetWith(), needed, code, status)).toBe('open');
    });

    it('each class counts for itself, and a success forgets them all', () => {
      const fleet = fleetWith();
      failed(fleet, 2, 'rate_limit_exceeded', 429);
      expect(failed(fleet, 1, 'upstream_timeout', null)).toBe('closed');
      expect(failed(fleet, 1, 'rate_limit_exceeded', 429)).toBe('open');
      const calmed = fleetWith();
      failed(calmed, 2, 'rate_limit_exceeded', 429);
      calmed.outcome('a');
      expect(failed(calmed, 2, 'rate_limit_exceeded', 429)).toBe('closed');
    });

    it("the deployment's own number wins", () => {
      expect(failed(fleetWith({ allowedFailsPolicy: { RateLimitError: 0 } }), 1, 'rate_limit_exceeded', 429)).toBe(
        'open',
      );
    });

    it('a dead host and an empty account go out at once all the same', () => {
      expect(failed(fleetWith(), 1, 'upstream_unreachable', null)).toBe('open');
      expect(failed(fleetWith(), 1, 'insufficient_quota', 429)).toBe('open');
    });
  });

  it('a refused connection takes the host out for all of its models, at once', () => {
    const fleet = twoHosts();
    fleet.fail('a', 'upstream_unreachable');
    expect([kind(fleet, 'a', 'one'), kind(fleet, 'c', 'one'), kind(fleet, 'b', 'two')]).toEqual([
      'open',
      'open',
      'closed',
    ]);
  });

  it('a dead host comes back by one trial', () => {
    const fleet = twoHosts();
    fleet.fail('c', 'upstream_unreachable');
    fleet.nowMs += 5_000;
    expect(kind(fleet, 'c', 'one')).toBe('half-open');
    fleet.start('other', { requestId: 'trial' });
    expect(kind(fleet, 'c', 'one')).toBe('open');
    fleet.outcome('c', { requestId: 'trial' });
    expect(kind(fleet, 'c', 'one')).toBe('closed');
  });

  it('a dead host comes back with a probe that was made later and finds it well', () => {
    const fleet = twoHosts();
    fleet.nowMs += 1_000;
    fleet.fail('c', 'upstream_unreachable');
    fleet.health('one', { lastProbeAt: new Date(startMs).toISOString() });
    expect(kind(fleet, 'c', 'one')).toBe('open');
    fleet.nowMs += 1_000;
    fleet.health('one');
    expect(kind(fleet, 'c', 'one')).toBe('closed');
  });

  it('a missing model comes back with a list of models that was made later and has it', () => {
    const fleet = twoHosts();
    fleet.fail('a', 'model_not_found', { upstreamStatus: 404 });
    const listed = (...names: string[]) => {
      fleet.nowMs += 1_000;
      fleet.health('one', { installed: installed(...names) });
      return kind(fleet, 'a', 'one');
    };
    expect(listed('something-else')).toBe('open');
    expect(listed('something-else', 'm:latest')).toBe('closed');
  });

  it('a probe does not fill an empty account', () => {
    const fleet = twoHosts();
    fleet.fail('c', 'insufficient_quota', { upstreamStatus: 402 });
    fleet.nowMs += 1_000;
    fleet.health('one');
    expect(kind(fleet, 'c', 'one')).toBe('open');
  });

  it('a spent free day takes the free models of the account out until it ends, and no others', () => {
    const fleet = new FleetUnderTest({
      deployments: [
        { ...openRouter, modelName: 'x', upstreamModel: 'v/x:free', id: 'x' },
        { ...openRouter, modelName: 'y', upstreamModel: 'v/y:free', id: 'y' },
        { ...openRouter, modelName: 'paid', upstreamModel: 'v/paid', id: 'paid' },
      ],
    });
    fleet.fail('x', 'rate_limit_exceeded', { upstreamStatus: 429, retryAfterMs: 8 * 3_600_000 });
    fleet.nowMs += 7 * 3_600_000;
    expect(kind(fleet, 'y', 'openrouter', true)).toBe('open');
    expect(kind(fleet, 'paid', 'openrouter')).toBe('closed');
    fleet.nowMs += 3_600_000;
    expect(kind(fleet, 'y', 'openrouter', true)).toBe('half-open');
  });

  it('cooldown_time and allowed_fails of the deployment win over those of the router', () => {
    const fleet = new FleetUnderTest({
      deployments: [{ modelName: 'm', host: 'one', id: 'a', allowedFails: 0, cooldownMs: 90_000 }],
    });
    fleet.fail('a', 'upstream_error', { upstreamStatus: 500 });
    fleet.nowMs += 89_000;
    expect(kind(fleet, 'a', 'one')).toBe('open');
  });

  it('a deployment that failed too often comes back by one trial as well', () => {
    const fleet = twoHosts();
    for (let times = 0; times < 4; times += 1) fleet.fail('c', 'upstream_error', { upstreamStatus: 500 });
    fleet.nowMs += 5_000;
    fleet.start('other', { requestId: 'trial' });
    expect(kind(fleet, 'c', 'one')).toBe('open');
    expect(kind(fleet, 'a', 'one')).toBe('closed');
  });

  it('a free model that answers on the next day shows that all may come again', () => {
    const deployments = [{ ...openRouter, modelName: 'x', upstreamModel: 'v/x:free', id: 'x' }];
    const fleet = new FleetUnderTest({ deployments });
    fleet.fail('x', 'rate_limit_exceeded', { upstreamStatus: 429, retryAfterMs: 3_600_000 });
    fleet.nowMs += 3_600_000;
    fleet.outcome('x', { durationMs: 5 });
    expect(kind(fleet, 'x', 'openrouter', true)).toBe('closed');
  });

  it('a 429 without a time cools for the cooldown_time of the deployment', () => {
    const deployments = [{ modelName: 'm', host: 'one', id: 'a', cooldownMs: 40_000 }];
    const fleet = new FleetUnderTest({ deployments });
    fleet.fail('a', 'rate_limit_exceeded', { upstreamStatus: 429 });
    fleet.nowMs += 39_000;
    expect(kind(fleet, 'a', 'one')).toBe('open');
  });

  it('nothing ever cools with disable_cooldowns', () => {
    const fleet = new FleetUnderTest({
      deployments: [{ modelName: 'm', host: 'one', id: 'a' }],
      routing: { disableCooldowns: true },
    });
    fleet.fail('a', 'upstream_unreachable');
    expect(kind(fleet, 'a', 'one')).toBe('closed');
  });
});

describe('load reports', () => {
  it('are summed over reporters, and forgotten when they fall silent', () => {
    const fleet = twoHosts();
    fleet.load('one', { reporter: 'w1', running: 2, queued: 1 });
    fleet.nowMs += 6_000;
    fleet.load('one', { reporter: 'w2', running: 1, expectedWaitMs: 400 });
    expect(fleet.view.load('one', fleet.nowMs)).toMatchObject({ running: 3, queued: 1, expectedWaitMs: 400 });
    fleet.nowMs += 6_000;
    expect(fleet.view.load('one', fleet.nowMs)).toMatchObject({ running: 1, queued: 0 });
  });

  it('say what is in memory, more freshly than the last probe', () => {
    const fleet = twoHosts();
    fleet.health('one', { loaded: loaded('old') });
    expect(fleet.view.load('one', fleet.nowMs).loaded?.[0]?.name).toBe('old');
    fleet.load('one', { loaded: loaded('new') });
    expect(fleet.view.load('one', fleet.nowMs).loaded?.[0]?.name).toBe('new');
  });
});

describe('health', () => {
  it('is forgotten when the judge has been silent for long', () => {
    const fleet = twoHosts();
    fleet.health('one', { state: 'unhealthy' });
    expect(fleet.view.health('one', 120_000, fleet.nowMs + 120_000)?.state).toBe('unhealthy');
    expect(fleet.view.health('one', 120_000, fleet.nowMs + 120_001)).toBeNull();
  });
});

describe('reload', () => {
  it('keeps cooldowns, counts and latencies of deployments that did not change, and drops those of others', () => {
    const fleet = twoHosts();
    fleet.start('other', { requestId: 'r1' });
    fleet.fail('b', 'upstream_unreachable');
    fleet.outcome('a');
    const next = buildRouteIndex(
      snapshotOf({
        revision: 'r2',
        deployments: [
          { modelName: 'm', host: 'one', id: 'a', upstreamModel: 'another' },
          { modelName: 'm', host: 'two', id: 'b' },
          { modelName: 'other', host: 'one', id: 'c', weight: 3 },
        ],
      }),
    );
    fleet.view.reload(next, fleet.nowMs);
    expect(fleet.view.inFlight('c')).toBe(1);
    expect(fleet.view.breaker('b', 'two', false, fleet.nowMs).kind).toBe('open');
    expect(fleet.view.latency('a', fleet.nowMs).samples).toBe(0);
    fleet.outcome('c', { requestId: 'r1' });
    expect(fleet.view.inFlight('c')).toBe(0);
  });
});

describe('latency', () => {
  it('is a median of the last ten, so that one cold start does not count', () => {
    const fleet = twoHosts();
    fleet.outcome('a', { durationMs: 60_000, outputTokens: 10 });
    for (let i = 0; i < 4; i += 1) fleet.outcome('a', { durationMs: 500, outputTokens: 10 });
    expect(fleet.view.latency('a', fleet.nowMs)).toMatchObject({ perTokenMs: 50, samples: 5 });
  });

  it('is unknown again after an hour', () => {
    const fleet = twoHosts();
    fleet.outcome('a');
    expect(fleet.view.latency('a', fleet.nowMs + 3_600_000).perTokenMs).toBeNull();
  });

  it('takes a timeout for the time of one token, and other failures for nothing', () => {
    const fleet = twoHosts();
    fleet.fail('a', 'upstream_error', { upstreamStatus: 500, durationMs: 5 });
    expect(fleet.view.latency('a', fleet.nowMs).samples).toBe(0);
    fleet.fail('a', 'upstream_timeout', { durationMs: 30_000 });
    expect(fleet.view.latency('a', fleet.nowMs).perTokenMs).toBe(30_000);
  });
});
