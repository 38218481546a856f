/** Which deployments a plan has: the rules of docs/routing.md, one by one. Fallbacks, data policies and long prompts have files of their own. */
import type { ErrorCode } from '#contracts';
import { describe, expect, it } from 'vitest';
import { FleetUnderTest, type DeploymentSpec, type QuerySpec, type SnapshotSpec } from './route.fixtures.js';

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
    ['speech', { mode: 'transcription', kind: 'cloud' }, { endpoint: 'speech' }],
    ['rerank', { kind: 'local' }, { endpoint: 'rerank' }],
  ])('%s: one that is known not to is left out', (_name, cannot, query) => {
    const isPassed = query.endpoint === 'speech' || query.endpoint === 'rerank';
    const able: Partial<DeploymentSpec> = isPassed ? { kind: 'cloud' } : {};
    const other = query.endpoint === undefined ? {} : { ...able, mode: query.endpoint };
    expect(new FleetUnderTest(two(cannot, other)).hosts('m', query)).toEqual(['two']);
    const nobody = new FleetUnderTest(two(cannot, cannot)).failure('m', query);
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

  it("Anthropic's own tools are for Anthropic's deployments, and named where there are none", () => {
    const claude = { kind: 'cloud', provider: 'anthropic' } as const;
    const needs = { nativeTool: 'web_search_20250305' };
    const fleet = new FleetUnderTest({
      deployments: [
        { modelName: 'm', host: 'one' },
        { modelName: 'm', host: 'two', ...claude },
        { modelName: 'alone', host: 'one' },
        { modelName: 'lenient', host: 'one', dropParams: true },
      ],
    });
    expect(fleet.hosts('m', { needs })).toEqual(['two']);
    expect(fleet.hosts('lenient', { needs })).toEqual(['one']);
    const refused = fleet.failure('alone', { needs });
    expect(refused).toMatchObject({ code: 'unsupported_parameter', details: { param: 'tools' } });
    expect(refused.message).toContain("Anthropic's tool 'web_search_20250305'");
  });

  it('what the host itself says of a model fills in what the config leaves open', () => {
    const fleet = new FleetUnderTest(two({}));
    fleet.health('one', {
      installed: [{ name: 'm:latest', sizeBytes: null, contextLength: null, capabilities: ['completion'] }],
    });
    expect(fleet.hosts('m', { needs: { tools: true } })).toEqual(['two']);
    expect(fleet.hosts('m', { endpoint: 'embedding' })).toEqual(['two']);
    expect(fleet.hosts('m')).toHaveLength(2);
    fleet.health('one', {
      installed: [{ name: 'm:latest', sizeBytes: null, contextLength: null, capabilities: ['embedding'] }],
    });

    expect(fleet.hosts('m')).toEqual(['two']);
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
    [
      'in whatever order',
      { missingVariables: ['X'] },
      { kind: 'cloud' },
      { dataPolicy: 'local' },
      'no_healthy_backend',
    ],
    ['variables', { kind: 'cloud' }, { missingVariables: ['X'] }, { dataPolicy: 'local' }, 'no_healthy_backend'],
  ])('%s', (_name, one, other, query, code) => {
    expect(new FleetUnderTest(two(one, other)).failure('m', query).code).toBe(code);
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
