/** Which deployments a plan has: the rules of docs/routing.md, one by one. Fallbacks and retries have files of their own. */
import { GatewayError, type ErrorCode } from '#contracts';
import { describe, expect, it } from 'vitest';
import { FleetUnderTest, installed, type DeploymentSpec, type QuerySpec, type SnapshotSpec } from './route.fixtures.js';

const failure = (fleet: FleetUnderTest, model: string, spec: QuerySpec = {}): GatewayError => {
  try {
    fleet.plan(model, spec);
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
  throw new Error('a plan was made');
};

const two = (one: Partial<DeploymentSpec>, other: Partial<DeploymentSpec> = {}): SnapshotSpec => ({
  deployments: [
    { modelName: 'm', host: 'one', id: 'a', ...one },
    { modelName: 'm', host: 'two', id: 'b', ...other },
  ],
});

const no = { tools: null, vision: null, jsonSchema: null, reasoning: null };

describe('what a deployment can', () => {
  it.each<[string, Partial<DeploymentSpec>, QuerySpec]>([
    ['tools', { capabilities: { ...no, tools: false } }, { needs: { tools: true } }],
    ['vision', { capabilities: { ...no, vision: false } }, { needs: { vision: true } }],
    ['JSON schemas', { capabilities: { ...no, jsonSchema: false } }, { needs: { jsonSchema: true } }],
    ['reasoning', { capabilities: { ...no, reasoning: false } }, { needs: { reasoning: true } }],
    ['chat', { mode: 'embedding' }, { endpoint: 'chat' }],
    ['embeddings', { mode: 'chat', modelInfo: { mode: 'chat' } }, { endpoint: 'embedding' }],
    ['speech', { mode: 'transcription' }, { endpoint: 'speech' }],
  ])('%s: one that is known not to is left out', (_name, cannot, query) => {
    const other = query.endpoint === undefined ? {} : { mode: query.endpoint };
    expect(new FleetUnderTest(two(cannot, other)).hosts('m', query)).toEqual(['two']);
    const nobody = failure(new FleetUnderTest(two(cannot, cannot)), 'm', query);
    expect(nobody.code).toBe('unsupported_parameter');
    expect(nobody.message).toMatch(/^The model 'm' (is no|does not support)/);
  });

  it('unknown is yes', () => {
    const needs = { tools: true, vision: true, jsonSchema: true, reasoning: true };
    expect(new FleetUnderTest(two({})).hosts('m', { needs })).toHaveLength(2);
  });

  it('chat and completion are one mode, and a mode that nobody wrote keeps from nothing', () => {
    const fleet = new FleetUnderTest(two({ mode: 'completion', modelInfo: { mode: 'completion' } }, { mode: 'chat' }));
    expect(fleet.hosts('m', { endpoint: 'chat' })).toHaveLength(2);
    expect(fleet.hosts('m', { endpoint: 'embedding' })).toEqual(['two']);
  });

  it('reasoning that may be dropped is no reason', () => {
    const fleet = new FleetUnderTest(two({ capabilities: { ...no, reasoning: false }, dropParams: true }));
    expect(fleet.hosts('m', { needs: { reasoning: true } })).toHaveLength(2);
  });

  it('what the host itself says of a model fills in what the config leaves open', () => {
    const fleet = new FleetUnderTest(two({}));
    fleet.health('one', {
      installed: [{ name: 'm:latest', sizeBytes: null, contextLength: null, capabilities: ['completion'] }],
    });
    expect(fleet.hosts('m', { needs: { tools: true } })).toEqual(['two']);
    expect(fleet.hosts('m', { endpoint: 'embedding' })).toEqual(['two']);
    expect(fleet.hosts('m')).toHaveLength(2);
  });
});

describe('hosts', () => {
  it('an unhealthy host, a drained one and one without the model are left out', () => {
    const fleet = new FleetUnderTest({
      deployments: ['sick', 'drained', 'empty', 'well'].map((host) => ({ modelName: 'm', host })),
    });
    fleet.health('sick', { state: 'unhealthy', reason: 'connection refused' });
    fleet.load('drained', { draining: true });
    fleet.health('empty', { installed: installed('other') });
    fleet.health('well', { installed: installed('m:latest') });
    expect(fleet.hosts('m')).toEqual(['well']);
  });

  it('a host that is merely degraded or unknown is used', () => {
    const fleet = new FleetUnderTest(two({}));
    fleet.health('one', { state: 'degraded' });
    fleet.health('two', { state: 'unknown' });
    expect(fleet.hosts('m')).toHaveLength(2);
  });

  it('all down: 503 with a time, and the reasons for admins', () => {
    const fleet = new FleetUnderTest(two({}));
    fleet.health('one', { state: 'unhealthy', reason: 'connection refused' });
    fleet.fail('b', 'upstream_unreachable');
    const error = failure(fleet, 'm');
    expect(error.code).toBe('no_healthy_backend');
    expect(error.details.retryAfterMs).toBe(5_000);
    expect(error.details.adminText).toContain('connection refused');
    expect(error.message).not.toMatch(/refused|one|two/);
  });

  it('nobody has the model: 503 with the command that pulls it, for admins', () => {
    const fleet = new FleetUnderTest(two({ upstreamModel: 'qwen3:14b' }, { upstreamModel: 'qwen3:14b' }));
    for (const host of ['one', 'two']) fleet.health(host, { installed: installed('other') });
    const error = failure(fleet, 'm');
    expect(error.code).toBe('no_healthy_backend');
    expect(error.details.adminText).toContain('On http://one:11434: ollama pull qwen3:14b');
    expect(error.message).toContain('None of its hosts has the model');
  });

  it('an unset variable takes a deployment out, and is named to admins only', () => {
    const fleet = new FleetUnderTest(two({ missingVariables: ['OPENAI_API_KEY'] }));
    expect(fleet.hosts('m')).toEqual(['two']);
    const alone = failure(
      new FleetUnderTest(two({ missingVariables: ['A_KEY'] }, { missingVariables: ['A_KEY'] })),
      'm',
    );
    expect(alone.code).toBe('no_healthy_backend');
    expect(alone.details.adminText).toContain('A_KEY');
    expect(alone.message).not.toContain('A_KEY');
  });
});

describe('cooling', () => {
  it('a cooling deployment is left out, and a group of which all are cooling fails at once', () => {
    const fleet = new FleetUnderTest(two({}));
    fleet.fail('a', 'rate_limit_exceeded', { upstreamStatus: 429, retryAfterMs: 30_000 });
    expect(fleet.hosts('m')).toEqual(['two']);
    fleet.fail('b', 'rate_limit_exceeded', { upstreamStatus: 429, retryAfterMs: 10_000 });
    const error = failure(fleet, 'm');
    expect(error.code).toBe('no_healthy_backend');
    expect(error.details.retryAfterMs).toBe(10_000);
  });

  it('after the cooldown one request tries, the others still fail fast', () => {
    const fleet = new FleetUnderTest({ deployments: [{ modelName: 'm', host: 'one', id: 'a' }] });
    fleet.fail('a', 'upstream_unreachable');
    fleet.nowMs += 5_000;
    expect(fleet.start('m', { requestId: 'trial' }).attempts[0]?.backend.id).toBe('one');
    expect(failure(fleet, 'm').code).toBe('no_healthy_backend');
    fleet.fail('a', 'upstream_unreachable', { requestId: 'trial' });
    expect(failure(fleet, 'm').details.retryAfterMs).toBe(10_000);
  });

  it('what the request has tried does not come again', () => {
    expect(new FleetUnderTest(two({})).hosts('m', { exclude: ['a'] })).toEqual(['two']);
  });
});

describe('limits of a deployment', () => {
  it('rpm: over it the others are used, and over all of them it is 429 with a time', () => {
    const fleet = new FleetUnderTest(two({ rpm: 1 }, { rpm: 1 }));
    const first = fleet.start('m', { requestId: 'r1' }).attempts[0]?.backend.id;
    const second = fleet.start('m', { requestId: 'r2' }).attempts.map((attempt) => attempt.backend.id);
    expect(second).not.toContain(first);
    const error = failure(fleet, 'm');
    expect(error.code).toBe('rate_limit_exceeded');
    expect(error.details.retryAfterMs).toBeGreaterThan(50_000);
    fleet.nowMs += error.details.retryAfterMs ?? 0;
    expect(fleet.hosts('m')).toHaveLength(2);
  });

  it('tpm: the prompt counts, and one that is larger than the limit alone is let through', () => {
    const fleet = new FleetUnderTest({ deployments: [{ modelName: 'm', host: 'one', id: 'a', tpm: 100 }] });
    fleet.start('m', { requestId: 'r1', inputTokens: 500 });
    expect(failure(fleet, 'm').code).toBe('rate_limit_exceeded');
    fleet.nowMs += 65_000;
    fleet.start('m', { requestId: 'r2', inputTokens: 60 });
    expect(failure(fleet, 'm', { inputTokens: 50 }).code).toBe('rate_limit_exceeded');
    expect(fleet.hosts('m', { inputTokens: 40 })).toEqual(['one']);
  });

  it('max_parallel_requests turns clouds away, and leaves local hosts to their queue', () => {
    const cloud = new FleetUnderTest({
      deployments: [{ modelName: 'm', host: 'c', kind: 'cloud', maxParallelRequests: 1 }],
    });
    cloud.start('m', { requestId: 'r1' });
    expect(failure(cloud, 'm').code).toBe('rate_limit_exceeded');
    const local = new FleetUnderTest({ deployments: [{ modelName: 'm', host: 'l', maxParallelRequests: 1 }] });
    local.start('m', { requestId: 'r1' });
    expect(local.hosts('m')).toEqual(['l']);
  });

  it('the free models of an OpenRouter account share 20 requests a minute', () => {
    const free = { kind: 'cloud', provider: 'openrouter', host: 'openrouter' } as const;
    const fleet = new FleetUnderTest({
      deployments: [
        { ...free, modelName: 'x', upstreamModel: 'v/x:free' },
        { ...free, modelName: 'y', upstreamModel: 'v/y:free' },
        { ...free, modelName: 'paid', upstreamModel: 'v/paid' },
      ],
    });
    for (let at = 0; at < 20; at += 1) fleet.start(at % 2 === 0 ? 'x' : 'y', { requestId: `r${at}` });
    expect(failure(fleet, 'x').code).toBe('rate_limit_exceeded');
    expect(fleet.hosts('paid')).toEqual(['openrouter']);
  });
});

describe('order', () => {
  it('lower comes first, none comes last, and a sick first level is passed over', () => {
    const fleet = new FleetUnderTest({
      deployments: [
        { modelName: 'm', host: 'none', id: 'n' },
        { modelName: 'm', host: 'second', id: 's', order: 2 },
        { modelName: 'm', host: 'first', id: 'f', order: 1 },
      ],
    });
    expect(fleet.hosts('m')).toEqual(['first', 'second', 'none']);
    fleet.fail('f', 'upstream_unreachable');
    expect(fleet.hosts('m')).toEqual(['second', 'none']);
  });
});

describe('data policies', () => {
  const routes: SnapshotSpec = {
    deployments: [
      { modelName: 'home', host: 'gpu', id: 'home', fallbackModels: ['cloud'] },
      { modelName: 'mixed', host: 'gpu', id: 'mixed-local', order: 2 },
      { modelName: 'mixed', host: 'openai', id: 'mixed-cloud', kind: 'cloud', order: 1 },
      { modelName: 'cloud', host: 'openai', id: 'cloud', kind: 'cloud' },
      { modelName: 'quiet', host: 'quiet', id: 'quiet', kind: 'cloud', dataPolicy: 'no-retention' },
      { modelName: 'liar', host: 'liar', id: 'liar', kind: 'cloud', dataPolicy: 'local' },
      { modelName: 'openai/*', host: 'openai', id: 'any', kind: 'cloud', upstreamModel: '*' },
    ],
    routing: {
      aliases: { alias: { model: 'cloud', hidden: false } },
      fallbacks: { home: ['alias', 'openai/gpt-4o', 'smart'] },
      defaultFallbacks: ['cloud'],
      contextWindowFallbacks: { home: ['cloud'] },
      contentPolicyFallbacks: { home: ['cloud'] },
    },
    routers: [
      {
        modelName: 'smart',
        tiers: { SIMPLE: ['cloud'] },
        defaultModel: 'cloud',
        boundaries: { simpleMedium: 0.15, mediumComplex: 0.35, complexReasoning: 0.6 },
        weights: {},
        tokenThresholds: { simple: 15, complex: 400 },
        keywords: { code: [], reasoning: [], technical: [], simple: [] },
        reasoningOverrideMinScore: 0.15,
        lengthFloors: {},
      },
    ],
  };

  it.each(['cloud', 'alias', 'openai/gpt-4o', 'smart', 'liar'])('local: %s fails rather than leaks', (model) => {
    const error = failure(new FleetUnderTest(routes), model, { dataPolicy: 'local', lastUserText: 'hi' });
    expect(error.code).toBe('data_policy_violation');
  });

  it('local: of a group, its fallbacks and its typed fallbacks only the local ones are left', () => {
    const fleet = new FleetUnderTest(routes);
    expect(fleet.hosts('home', { dataPolicy: 'local' })).toEqual(['gpu']);
    expect(fleet.hosts('mixed', { dataPolicy: 'local' })).toEqual(['gpu']);
    expect(fleet.hosts('home')).toContain('openai');
  });

  it('local: a fallback that the client names is held to it as well', () => {
    const spec = { dataPolicy: 'local' as const, overrides: { fallbacks: ['cloud', 'quiet'] } };
    expect(new FleetUnderTest(routes).hosts('home', spec)).toEqual(['gpu']);
  });

  it('no-retention lets through what is stricter or equal', () => {
    const fleet = new FleetUnderTest(routes);
    expect(fleet.hosts('quiet', { dataPolicy: 'no-retention' })).toEqual(['quiet']);
    expect(fleet.hosts('home', { dataPolicy: 'no-retention' })).toEqual(['gpu']);
    expect(failure(fleet, 'cloud', { dataPolicy: 'no-retention' }).code).toBe('data_policy_violation');
  });
});

describe('tags', () => {
  const tagged = (matchAny: boolean): SnapshotSpec => ({
    deployments: [
      { modelName: 'm', host: 'free', tags: ['free'] },
      { modelName: 'm', host: 'paid', tags: ['paid', 'fast'] },
      { modelName: 'm', host: 'usual', tags: ['default'] },
    ],
    routing: { enableTagFiltering: true, tagFilteringMatchAny: matchAny },
  });
  it.each<[string[], boolean, string[]]>([
    [['free'], true, ['free']],
    [['free', 'fast'], true, ['free', 'paid']],
    [['free', 'fast'], false, ['usual']],
    [['paid', 'fast'], false, ['paid']],
    [['unknown'], true, ['usual']],
    [[], true, ['usual']],
  ])('%j, any: %s: %j', (tags, matchAny, expected) => {
    expect(new FleetUnderTest(tagged(matchAny)).hosts('m', { overrides: { tags } }).sort()).toEqual(expected);
  });

  it('mean nothing while tag filtering is off', () => {
    expect(new FleetUnderTest(two({ tags: ['x'] })).hosts('m', { overrides: { tags: ['y'] } })).toHaveLength(2);
  });
});

describe('prompts that are too long', () => {
  const sized = (routing: SnapshotSpec['routing'] = {}): SnapshotSpec => ({
    deployments: [
      { modelName: 'm', host: 'small', id: 's', maxInputTokens: 1_000, order: 1 },
      { modelName: 'm', host: 'large', id: 'l', maxInputTokens: 8_000, order: 2 },
      { modelName: 'huge', host: 'cloud', id: 'h', kind: 'cloud', maxInputTokens: 100_000 },
      { modelName: 'backup', host: 'backup', id: 'b', maxInputTokens: 2_000 },
    ],
    routing,
  });

  it('go to the larger deployment of the group', () => {
    expect(new FleetUnderTest(sized()).hosts('m', { inputTokens: 4_000 })).toEqual(['large']);
  });

  it('are refused with both counts where nothing holds them', () => {
    const error = failure(new FleetUnderTest(sized()), 'm', { inputTokens: 9_000 });
    expect(error.code).toBe('context_length_exceeded');
    expect(error.message).toMatch(/8000 tokens.*9000 tokens/);
  });

  it('go to context_window_fallbacks before that', () => {
    const fleet = new FleetUnderTest(sized({ contextWindowFallbacks: { m: ['huge'] } }));
    const [first] = fleet.plan('m', { inputTokens: 9_000 }).attempts;
    expect(first).toMatchObject({ modelGroup: 'huge', onlyAfter: 'any', fallbackFrom: 'm' });
  });

  it("and keep those for the upstream's refusal where they seem to fit", () => {
    const fleet = new FleetUnderTest(sized({ contextWindowFallbacks: { m: ['huge'] } }));
    const typed = fleet.plan('m', { inputTokens: 500 }).attempts.filter((one) => one.onlyAfter !== 'any');
    expect(typed).toHaveLength(1);
    expect(typed[0]).toMatchObject({ modelGroup: 'huge', onlyAfter: 'context_length_exceeded' });
  });

  it('are cut with context_overflow: truncate, after the fallbacks that fit, with room for the answer', () => {
    const fleet = new FleetUnderTest(sized({ contextOverflow: 'truncate', fallbacks: { m: ['huge', 'backup'] } }));
    const tries = fleet
      .plan('m', { inputTokens: 9_000, maxOutputTokens: 300 })
      .attempts.filter((one) => one.retry === 0);
    expect(tries.map((one) => [one.backend.id, one.truncateToTokens])).toEqual([
      ['cloud', null],
      ['small', 700],
      ['large', 7_700],
    ]);
  });

  it('are not cut where they fit', () => {
    const fleet = new FleetUnderTest(sized({ contextOverflow: 'truncate' }));
    expect(fleet.plan('m', { inputTokens: 900 }).attempts.every((one) => one.truncateToTokens === null)).toBe(true);
  });
});

describe('the error is that of the deployment which came furthest', () => {
  it.each<[string, Partial<DeploymentSpec>, Partial<DeploymentSpec>, QuerySpec, ErrorCode]>([
    [
      'policy after capability',
      { mode: 'embedding' },
      { kind: 'cloud' },
      { dataPolicy: 'local' },
      'data_policy_violation',
    ],
    ['size after policy', { kind: 'cloud' }, { maxInputTokens: 5 }, { dataPolicy: 'local' }, 'context_length_exceeded'],
    ['variables', { kind: 'cloud' }, { missingVariables: ['X'] }, { dataPolicy: 'local' }, 'no_healthy_backend'],
  ])('%s', (_name, one, other, query, code) => {
    expect(failure(new FleetUnderTest(two(one, other)), 'm', query).code).toBe(code);
  });
});

describe('the plan', () => {
  it('says what happened to every candidate', () => {
    const fleet = new FleetUnderTest(two({ order: 1 }, { order: 2 }));
    fleet.health('one', { state: 'unhealthy', reason: 'connection refused' });
    expect(fleet.plan('m').reasons).toEqual([
      'm on one (model_list[0]): connection refused',
      'attempt 1: m on two, order 2, the only one',
      'attempt 2: m on two, order 2, the only one; retry 1',
      'attempt 3: m on two, order 2, the only one; retry 2',
    ]);
  });

  it('carries what the worker needs', () => {
    const deployment = {
      params: { temperature: 0.1 },
      extraBody: { think: true },
      timeoutMs: 120_000,
      streamTimeoutMs: 9_000,
    };
    const fleet = new FleetUnderTest(two(deployment, deployment));
    const [attempt] = fleet.plan('m', { stream: true, overrides: { timeoutMs: 5_000 } }).attempts;
    expect(attempt).toMatchObject({
      params: { temperature: 0.1 },
      extraBody: { think: true },
      timeoutMs: 5_000,
      firstTokenTimeoutMs: 9_000,
      dialect: 'ollama',
      kind: 'local',
    });
    expect(fleet.plan('m').attempts[0]).toMatchObject({ timeoutMs: 120_000, firstTokenTimeoutMs: null });
  });
});
