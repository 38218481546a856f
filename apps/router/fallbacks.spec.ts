/** Retries and fallbacks: what a plan holds after its first attempt. */
import { GatewayError } from '#contracts';
import { describe, expect, it } from 'vitest';
import { FleetUnderTest, type DeploymentSpec, type QuerySpec, type SnapshotSpec } from './route.fixtures.js';

const models = (...names: string[]): DeploymentSpec[] =>
  names.map((name) => ({ modelName: name, host: `h-${name}`, id: name }));
const groups = (fleet: FleetUnderTest, model: string, spec: QuerySpec = {}) =>
  fleet.plan(model, { ...spec, overrides: { numRetries: 0, ...spec.overrides } }).attempts.map((one) => one.modelGroup);
const codeOf = (run: () => unknown) => {
  try {
    run();
  } catch (error) {
    if (error instanceof GatewayError) return error.code;
  }
  return null;
};

describe('retries', () => {
  const tries = (spec: SnapshotSpec, query: QuerySpec = {}) =>
    new FleetUnderTest(spec).plan('m', query).attempts.map((one) => `${one.backend.id}.${one.retry}`);
  const hosts = (...own: Partial<DeploymentSpec>[]): DeploymentSpec[] =>
    own.map((one, at) => ({ modelName: 'm', host: `h${at}`, id: `d${at}`, order: at, ...one }));

  it.each<[string, Partial<DeploymentSpec>[], SnapshotSpec['routing'], QuerySpec, string[]]>([
    ['one host is tried 1 + num_retries times', [{}], {}, {}, ['h0.0', 'h0.1', 'h0.2']],
    ['others are tried before any is tried again', [{}, {}], {}, {}, ['h0.0', 'h1.0', 'h0.1']],
    ['every host is tried, also beyond num_retries', [{}, {}, {}], { numRetries: 1 }, {}, ['h0.0', 'h1.0', 'h2.0']],
    ['no retries', [{}], { numRetries: 0 }, {}, ['h0.0']],
    [
      'a deployment without retries is left out of the next round',
      [{ numRetries: 0 }, {}],
      {},
      {},
      ['h0.0', 'h1.0', 'h1.1'],
    ],
    ["the deployment's own number", [{ numRetries: 1 }], { numRetries: 5 }, {}, ['h0.0', 'h0.1']],
    ["the client's number wins", [{ numRetries: 4 }], {}, { overrides: { numRetries: 1 } }, ['h0.0', 'h0.1']],
    [
      'as many as a class of failures may need',
      [{}],
      { numRetries: 0, retryPolicy: { RateLimitError: 2 } },
      {},
      ['h0.0', 'h0.1', 'h0.2'],
    ],
  ])('%s', (_name, own, routing, query, expected) => {
    expect(tries({ deployments: hosts(...own), ...(routing === undefined ? {} : { routing }) }, query)).toEqual(
      expected,
    );
  });

  it('a single host gets growing pauses, a pool only retry_after', () => {
    const delays = (count: number, routing: SnapshotSpec['routing']) =>
      new FleetUnderTest({
        deployments: hosts(...Array.from({ length: count }, () => ({}))),
        ...(routing && { routing }),
      })
        .plan('m')
        .attempts.map((one) => one.delayMs);
    const [none, first = 0, second = 0] = delays(1, {});
    expect(none).toBe(0);
    expect(first).toBeGreaterThanOrEqual(500);
    expect(first).toBeLessThanOrEqual(750);
    expect(second).toBeGreaterThanOrEqual(1_000);
    expect(second).toBeLessThanOrEqual(1_500);
    expect(delays(2, {})).toEqual([0, 0, 0]);
    expect(delays(2, { retryAfterMs: 700 })).toEqual([0, 0, 700]);
    expect(delays(1, { retryAfterMs: 9_000 })[1]).toBeGreaterThanOrEqual(9_000);
  });

  it('the plan says how many a failure may use', () => {
    const routing = { numRetries: 1, retryPolicy: { TimeoutError: 3 } };
    const fleet = new FleetUnderTest({ deployments: hosts({}), routing });
    expect(fleet.plan('m').retry).toEqual({ count: 1, perClass: { TimeoutError: 3 } });
    expect(fleet.plan('m', { overrides: { numRetries: 0 } }).retry).toEqual({ count: 0, perClass: {} });
  });

  describe('model_group_retry_policy', () => {
    const fleet = new FleetUnderTest({
      deployments: [
        { modelName: 'm', host: 'h0', id: 'a' },
        { modelName: 'other', host: 'h1', id: 'b' },
      ],
      routing: {
        numRetries: 0,
        retryPolicy: { TimeoutError: 1 },
        groupRetryPolicy: { nick: { RateLimitError: 2 } },
        aliases: { nick: { model: 'm', hidden: false } },
        fallbacks: { m: ['other'] },
      },
    });
    const retries = (model: string, spec: QuerySpec = {}) =>
      fleet.plan(model, spec).attempts.map((one) => `${one.modelGroup}.${one.retry}`);

    it('stands instead of retry_policy, for its name only', () => {
      expect(retries('nick')).toEqual(['m.0', 'm.1', 'm.2', 'other.0', 'other.1']);
      expect(retries('m')).toEqual(['m.0', 'm.1', 'other.0', 'other.1']);
      expect(fleet.plan('nick').retry).toEqual({
        count: 0,
        perClass: { TimeoutError: 1 },
        perGroup: { m: { RateLimitError: 2 } },
      });
    });

    it("gives way to the client's number", () => {
      expect(retries('nick', { overrides: { numRetries: 0 } })).toEqual(['m.0', 'other.0']);
      expect(fleet.plan('nick', { overrides: { numRetries: 0 } }).retry).toEqual({ count: 0, perClass: {} });
    });
  });

  it('a large pool is not tried out to its end', () => {
    const pool = Array.from({ length: 50 }, () => ({}));
    expect(tries({ deployments: hosts(...pool) })).toHaveLength(8);
  });
});

describe('fallbacks', () => {
  it("follow the group in the owner's order, with the group that failed", () => {
    const fleet = new FleetUnderTest({ deployments: models('a', 'b', 'c'), routing: { fallbacks: { a: ['b', 'c'] } } });
    expect(groups(fleet, 'a')).toEqual(['a', 'b', 'c']);
    expect(fleet.plan('a').attempts.map((one) => one.fallbackFrom)).toContain('a');
  });

  it("the asked model's list comes first, then the lists of those models", () => {
    const routing = { fallbacks: { a: ['b', 'c'], b: ['d'], c: ['e'] } };
    const fleet = new FleetUnderTest({ deployments: models('a', 'b', 'c', 'd', 'e'), routing });
    expect(groups(fleet, 'a')).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(fleet.plan('a').attempts.find((one) => one.modelGroup === 'e')?.fallbackFrom).toBe('c');
  });

  it('circles end, and an alias of a model that was tried is not tried again', () => {
    const routing = {
      aliases: { again: { model: 'a', hidden: false } },
      fallbacks: { a: ['b'], b: ['again', 'a', 'c'], c: ['b'] },
    };
    expect(groups(new FleetUnderTest({ deployments: models('a', 'b', 'c'), routing }), 'a')).toEqual(['a', 'b', 'c']);
  });

  it('a deployment that was tried under another name is not tried again', () => {
    const deployments: DeploymentSpec[] = [
      { modelName: 'a', host: 'one', id: 'a', upstreamModel: 'same' },
      { modelName: 'b', host: 'two', id: 'b', upstreamModel: 'same' },
    ];
    const fleet = new FleetUnderTest({ deployments, routing: { fallbacks: { same: ['b'] } } });
    expect(fleet.hosts('same').sort()).toEqual(['one', 'two']);
  });

  it('lists of the alias and of the group hold both', () => {
    const routing = { aliases: { x: { model: 'a', hidden: false } }, fallbacks: { x: ['b'], a: ['c'] } };
    const fleet = new FleetUnderTest({ deployments: models('a', 'b', 'c'), routing });
    expect(groups(fleet, 'x')).toEqual(['a', 'b', 'c']);
    expect(groups(fleet, 'a')).toEqual(['a', 'c']);
  });

  it('that of "*" counts where there is no other', () => {
    const routing = { fallbacks: { a: ['b'], '*': ['c'] } };
    const fleet = new FleetUnderTest({ deployments: models('a', 'b', 'c', 'd'), routing });
    expect(groups(fleet, 'a')).toEqual(['a', 'b', 'c']);
    expect(groups(fleet, 'd')).toEqual(['d', 'c']);
  });

  it('that of "*" also counts for a fallback without a list, and not beside one', () => {
    const routing = { fallbacks: { a: ['b'], b: ['d'], '*': ['c'] } };
    expect(groups(new FleetUnderTest({ deployments: models('a', 'b', 'c', 'd'), routing }), 'a')).toEqual([
      'a',
      'b',
      'd',
      'c',
    ]);
  });

  it('a list for the name without its provider holds too', () => {
    const deployments: DeploymentSpec[] = [{ modelName: 'openai/x', host: 'h', id: 'x' }, ...models('b')];
    expect(groups(new FleetUnderTest({ deployments, routing: { fallbacks: { x: ['b'] } } }), 'openai/x')).toEqual([
      'openai/x',
      'b',
    ]);
  });

  it('default_fallbacks come last', () => {
    const routing = { fallbacks: { a: ['b'] }, defaultFallbacks: ['z'] };
    expect(groups(new FleetUnderTest({ deployments: models('a', 'b', 'z'), routing }), 'a')).toEqual(['a', 'b', 'z']);
  });

  it("fallback_models of a deployment count as its group's", () => {
    const deployments: DeploymentSpec[] = [
      { modelName: 'a', host: 'h', id: 'a', fallbackModels: ['b'] },
      ...models('b'),
    ];
    expect(groups(new FleetUnderTest({ deployments }), 'a')).toEqual(['a', 'b']);
  });

  it('max_fallbacks bounds those that are tried, not those that are down', () => {
    const routing = { fallbacks: { a: ['b', 'c', 'd'] }, maxFallbacks: 1 };
    const fleet = new FleetUnderTest({ deployments: models('a', 'b', 'c', 'd'), routing });
    expect(groups(fleet, 'a')).toEqual(['a', 'b']);
    fleet.fail('b', 'upstream_unreachable');
    expect(groups(fleet, 'a')).toEqual(['a', 'c']);
  });

  it('a group that is down is skipped, and the fallback is the plan', () => {
    const fleet = new FleetUnderTest({ deployments: models('a', 'b'), routing: { fallbacks: { a: ['b'] } } });
    fleet.fail('a', 'upstream_unreachable');
    const plan = fleet.plan('a');
    expect(plan.modelGroup).toBe('a');
    expect(plan.attempts[0]).toMatchObject({ modelGroup: 'b', fallbackFrom: 'a' });
  });

  it('one that leads nowhere is passed over and noted', () => {
    const fleet = new FleetUnderTest({ deployments: models('a', 'b'), routing: { fallbacks: { a: ['gone', 'b'] } } });
    expect(groups(fleet, 'a')).toEqual(['a', 'b']);
    expect(fleet.plan('a').reasons).toContain('fallback gone of a leads nowhere');
  });

  it('may be models that the key itself may not ask for', () => {
    const fleet = new FleetUnderTest({ deployments: models('a', 'b'), routing: { fallbacks: { a: ['b'] } } });
    const key = { models: ['a'] };
    expect(groups(fleet, 'a', { key })).toEqual(['a', 'b']);
    expect(codeOf(() => fleet.plan('b', { key }))).toBe('model_not_allowed');
  });
});

describe('what a client may say', () => {
  const routing = { fallbacks: { a: ['b'] }, defaultFallbacks: ['z'], contextWindowFallbacks: { a: ['c'] } };
  const fleet = () => new FleetUnderTest({ deployments: models('a', 'b', 'c', 'z'), routing });

  it('its own fallbacks stand instead of the configured ones', () => {
    expect(groups(fleet(), 'a', { overrides: { fallbacks: ['z', 'c'] } })).toEqual(['a', 'c', 'z', 'c']);
  });

  it('the configured lists of those models are not followed', () => {
    const own = { fallbacks: { a: ['b'], z: ['c'] }, defaultFallbacks: ['b'] };
    const chain = new FleetUnderTest({ deployments: models('a', 'b', 'c', 'z'), routing: own });
    expect(groups(chain, 'a', { overrides: { fallbacks: ['z'] } })).toEqual(['a', 'z']);
  });

  it('they must exist and be allowed', () => {
    const spec = (name: string) => ({ key: { models: ['a', 'c'] }, overrides: { fallbacks: [name] } });
    expect(codeOf(() => fleet().plan('a', spec('b')))).toBe('model_not_allowed');
    expect(codeOf(() => fleet().plan('a', spec('nobody')))).toBe('model_not_found');
    expect(codeOf(() => fleet().plan('a', spec('c')))).toBeNull();
  });

  it('disable_fallbacks leaves the group alone', () => {
    expect(groups(fleet(), 'a', { overrides: { disableFallbacks: true } })).toEqual(['a']);
  });
});

describe('answers to one kind of failure', () => {
  const routing = {
    fallbacks: { a: ['b'] },
    contextWindowFallbacks: { a: ['long'] },
    contentPolicyFallbacks: { a: ['loose', 'b'] },
  };
  const fleet = new FleetUnderTest({ deployments: models('a', 'b', 'long', 'loose'), routing });

  it('stand behind the group, are tried once each, and never begin a plan', () => {
    const attempts = fleet.plan('a').attempts.map((one) => `${one.modelGroup}.${one.retry} ${one.onlyAfter}`);
    expect(attempts.slice(0, 6)).toEqual([
      'a.0 any',
      'a.1 any',
      'a.2 any',
      'long.0 context_length_exceeded',
      'loose.0 content_policy_violation',
      'b.0 content_policy_violation',
    ]);
    expect(attempts[6]).toBe('b.0 any');
  });

  it("of the client's choice stand instead, and are checked as his other fallbacks are", () => {
    const kinds = (overrides: object, key = {}) =>
      fleet.plan('a', { overrides, key }).attempts.map((one) => `${one.modelGroup} ${one.onlyAfter}`);
    const own = kinds({ contextWindowFallbacks: ['loose'], contentPolicyFallbacks: ['long'] });
    expect(own).toEqual(expect.arrayContaining(['loose context_length_exceeded', 'long content_policy_violation']));
    expect(own).not.toContain('long context_length_exceeded');
    expect(codeOf(() => kinds({ contextWindowFallbacks: ['loose'] }, { models: ['a'] }))).toBe('model_not_allowed');
    expect(codeOf(() => kinds({ contentPolicyFallbacks: ['nobody'] }))).toBe('model_not_found');
  });

  it('of a fallback stand behind it, each model once', () => {
    const chain = new FleetUnderTest({
      deployments: models('a', 'b', 'long', 'longer'),
      routing: {
        numRetries: 0,
        fallbacks: { a: ['b'] },
        contextWindowFallbacks: { a: ['long'], b: ['long', 'longer'] },
      },
    });
    const told = chain.plan('a').attempts.map((one) => `${one.modelGroup} ${one.onlyAfter} ${one.fallbackFrom}`);
    expect(told).toEqual([
      'a any null',
      'long context_length_exceeded a',
      'b any a',
      'longer context_length_exceeded b',
    ]);
  });

  it('come behind the general fallbacks where the group has nothing to offer', () => {
    const down = new FleetUnderTest({ deployments: models('a', 'b', 'long', 'loose'), routing });
    down.fail('a', 'upstream_unreachable');
    expect(down.plan('a').attempts[0]).toMatchObject({ modelGroup: 'b', onlyAfter: 'any' });
  });

  it('are no plan by themselves', () => {
    const only = new FleetUnderTest({
      deployments: models('a', 'long'),
      routing: { contextWindowFallbacks: { a: ['long'] } },
    });
    only.fail('a', 'upstream_unreachable');
    expect(codeOf(() => only.plan('a'))).toBe('no_healthy_backend');
  });
});

describe('an unknown model with unknown_model: default', () => {
  const routing = { unknownModel: 'default', defaultFallbacks: ['big', 'small'] } as const;
  const fleet = () =>
    new FleetUnderTest({
      deployments: models('big', 'small'),
      routing: { ...routing, defaultFallbacks: ['big', 'small'] },
    });

  it('goes to the first default that the key may use', () => {
    expect(groups(fleet(), 'gpt-9')).toEqual(['big', 'small']);
    expect(groups(fleet(), 'gpt-9', { key: { models: ['small'] } })[0]).toBe('small');
  });

  it('is still 404 where the key may use none', () => {
    expect(codeOf(() => fleet().plan('gpt-9', { key: { models: ['other'] } }))).toBe('model_not_found');
  });
});

describe('signalbox.first_token_timeout', () => {
  const routing = { fallbacks: { a: ['b'] }, firstTokenTimeoutMs: 4_000, numRetries: 0 };

  it('holds where another host stands ready, also without streaming, and the last one is waited for', () => {
    const fleet = new FleetUnderTest({ deployments: models('a', 'b'), routing });
    expect(fleet.plan('a').attempts.map((one) => one.firstTokenTimeoutMs)).toEqual([4_000, null]);
  });

  it('does not hold before a model that answers only other failures', () => {
    const typed = { contextWindowFallbacks: { a: ['b'] }, firstTokenTimeoutMs: 4_000, numRetries: 0 };
    const fleet = new FleetUnderTest({ deployments: models('a', 'b'), routing: typed });
    expect(fleet.plan('a').attempts[0]?.firstTokenTimeoutMs).toBeNull();
  });

  it('does not lengthen a shorter stream_timeout', () => {
    const deployments: DeploymentSpec[] = [
      { modelName: 'a', host: 'h', id: 'a', streamTimeoutMs: 1_000 },
      ...models('b'),
    ];
    const fleet = new FleetUnderTest({ deployments, routing });
    expect(fleet.plan('a', { stream: true }).attempts[0]?.firstTokenTimeoutMs).toBe(1_000);
  });
});
