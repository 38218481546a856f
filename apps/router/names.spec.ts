/** Names: wildcards, permissions, the closest names, and what a name leads to. */
import { GatewayError } from '#contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { closestNames } from './closest-names.js';
import { mayUse } from './model-permission.js';
import { resolveModel } from './model-resolution.js';
import { buildRouteIndex } from './route-index.js';
import { FleetUnderTest, queryOf, snapshotOf, type SnapshotSpec } from './route.fixtures.js';
import { fillWildcard, matchWildcard, wildcardPattern } from './wildcard.js';

describe('wildcards', () => {
  it.each([
    ['openai/*', 'openai/gpt-4o', ['gpt-4o']],
    ['openai/*', 'openai/', ['']],
    ['openai/*', 'anthropic/x', null],
    ['*', 'anything', ['anything']],
    ['a*b*c', 'a1b2c', ['1', '2']],
    ['a*b*c', 'abc', ['', '']],
    ['a*a', 'a', null],
    ['*-mini', 'gpt-4o-mini', ['gpt-4o']],
    ['exact', 'exact', []],
    ['exact', 'exactly', null],
  ])('%s and %s: %j', (pattern, name, expected) => {
    expect(matchWildcard(wildcardPattern(pattern), name)).toEqual(expected);
  });

  it('what matched, filled into the pattern, is the name again', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '/', '-'), maxLength: 8 });
    fc.assert(
      fc.property(fc.array(text, { minLength: 2, maxLength: 4 }), text, (parts, name) => {
        const pattern = parts.join('*');
        const captured = matchWildcard(wildcardPattern(pattern), name);
        if (captured !== null) expect(fillWildcard(pattern, captured)).toBe(name);
      }),
      { numRuns: 500 },
    );
  });
});

describe('closestNames', () => {
  const names = ['llama3', 'mistral', 'qwen-coder', 'gpt-4o', 'gpt-4o-mini', 'LLaMA3-70b'];
  it.each([
    ['LLAMA3', ['llama3']],
    ['lama3', ['llama3', 'LLaMA3-70b']],
    ['gpt4o', ['gpt-4o']],
    ['qwen', ['qwen-coder']],
    ['gpt-4o-', ['gpt-4o', 'gpt-4o-mini']],
    ['something-else-entirely', []],
  ])('%s: %j', (asked, expected) => {
    expect(closestNames(asked, names)).toEqual(expected);
  });
});

const spec: SnapshotSpec = {
  deployments: [
    { modelName: 'llama3', host: 'one', id: 'pin-me', upstreamModel: 'llama3.1:8b', accessGroups: ['house'] },
    { modelName: 'mistral:latest', host: 'one' },
    { modelName: 'openai/*', host: 'openai', kind: 'cloud', upstreamModel: '*' },
    { modelName: 'openai/gpt-4*', host: 'openai', kind: 'cloud', upstreamModel: 'gpt-4*' },
    { modelName: 'openai/gpt-4o', host: 'azure', kind: 'cloud', upstreamModel: 'my-gpt-4o' },
    { modelName: 'bare', host: 'openai', kind: 'cloud', upstreamModel: 'gpt-4o-mini', accessGroups: ['cloud'] },
  ],
  routing: {
    aliases: {
      fast: { model: 'llama3', hidden: false },
      faster: { model: 'fast', hidden: true },
      here: { model: 'there', hidden: false },
      there: { model: 'here', hidden: false },
    },
  },
};
const index = buildRouteIndex(snapshotOf(spec));
const resolve = (name: string) => resolveModel(name, queryOf(name), index, () => 0);

describe('resolveModel', () => {
  it.each([
    ['a group', 'llama3', 'llama3', ['llama3.1:8b'], ['llama3']],
    ['an alias', 'fast', 'llama3', ['llama3.1:8b'], ['fast', 'llama3']],
    ['an alias of an alias', 'faster', 'llama3', ['llama3.1:8b'], ['faster', 'fast', 'llama3']],
    ['an exact name before a pattern', 'openai/gpt-4o', 'openai/gpt-4o', ['my-gpt-4o'], ['openai/gpt-4o']],
    ['the longer pattern', 'openai/gpt-4.1', 'openai/gpt-4.1', ['gpt-4.1'], ['openai/gpt-4.1', 'openai/gpt-4*']],
    ['the shorter pattern', 'openai/o3', 'openai/o3', ['o3'], ['openai/o3', 'openai/*']],
    ['an id', 'pin-me', 'llama3', ['llama3.1:8b'], ['pin-me', 'llama3']],
    ['a local name without its tag', 'mistral', 'mistral:latest', ['mistral:latest'], ['mistral', 'mistral:latest']],
    ['an upstream name', 'ollama/llama3.1:8b', 'llama3', ['llama3.1:8b'], ['ollama/llama3.1:8b', 'llama3']],
    [
      "LiteLLM's other prefix",
      'ollama_chat/llama3.1:8b',
      'llama3',
      ['llama3.1:8b'],
      ['ollama_chat/llama3.1:8b', 'llama3'],
    ],
    ['a bare upstream name', 'gpt-4o-mini', 'bare', ['gpt-4o-mini'], ['gpt-4o-mini', 'bare']],
  ])('%s', (_name, asked, group, upstream, path) => {
    const found = resolve(asked);
    expect(found).toMatchObject({ group, path });
    expect(found?.candidates.map((candidate) => candidate.upstreamModel)).toEqual(upstream);
  });

  it.each(['nobody', 'here', 'openai/*', 'Llama3'])('%s leads nowhere', (name) => {
    expect(resolve(name)).toBeNull();
  });

  it('takes the provider off a name under the pattern of everything', () => {
    const all = buildRouteIndex(
      snapshotOf({ deployments: [{ modelName: '*', host: 'openai', kind: 'cloud', upstreamModel: '*' }] }),
    );
    for (const name of ['gpt-4o', 'openai/gpt-4o']) {
      expect(resolveModel(name, queryOf(name), all, () => 0)?.candidates[0]?.upstreamModel).toBe('gpt-4o');
    }
  });
});

describe('mayUse', () => {
  const key = (models: string[], teamModels: string[] = [], isAdmin = false) => ({ models, teamModels, isAdmin });
  const ofUser = (models: string[], userModels: string[]) => ({ ...key(models), userModels });
  it.each([
    ['no list allows all', key([]), ['llama3'], true],
    ['a name', key(['llama3']), ['llama3'], true],
    ['another name', key(['mistral']), ['llama3'], false],
    ['the target of an alias', key(['llama3']), ['fast', 'llama3'], true],
    ['an alias does not open its target', key(['fast']), ['llama3'], false],
    ['an access group', key(['house']), ['llama3'], true],
    ['another access group', key(['cloud']), ['llama3'], false],
    ['a wildcard', key(['openai/*']), ['openai/o3'], true],
    ['a wildcard of others', key(['openai/*']), ['llama3'], false],
    ['everything', key(['all-proxy-models']), ['llama3'], true],
    ["the team's list holds too", key([], ['mistral']), ['llama3'], false],
    ['both lists', key(['llama3', 'x'], ['llama3', 'y']), ['llama3'], true],
    ['what the team may', key(['all-team-models'], ['llama3']), ['llama3'], true],
    ["the user's list holds too", ofUser([], ['mistral']), ['llama3'], false],
    ['the target of an alias on the list of the user', ofUser([], ['llama3']), ['faster', 'fast', 'llama3'], true],
    ['an access group of the user', ofUser([], ['house']), ['llama3'], true],
    ['an admin may all', key(['mistral'], ['mistral'], true), ['llama3'], true],
  ])('%s', (_name, scope, names, expected) => {
    expect(mayUse(scope, names, index)).toBe(expected);
  });
});

describe("an alias of the key's own", () => {
  const fleet = new FleetUnderTest({ deployments: [{ modelName: 'llama3', host: 'one' }] });
  it('may be what the key is allowed', () => {
    expect(fleet.plan('llama3', { keyAlias: 'mine', key: { models: ['mine'] } }).modelGroup).toBe('llama3');
  });

  it.each([{ models: ['other'] }, { teamModels: ['mine'] }, { userModels: ['mine'] }])(
    'opens nothing by itself: %j',
    (key) => {
      const error = fleet.failure('llama3', { keyAlias: 'mine', key });
      expect(error).toMatchObject({ code: 'model_not_allowed' });
      expect(error.message).toContain("'mine'");
    },
  );
});

describe('a name that every object has', () => {
  const deployments = [{ modelName: 'openai/*', host: 'openai', kind: 'cloud' as const, upstreamModel: '*' }];
  const fleet = new FleetUnderTest({ deployments });
  it.each(['openai/constructor', 'openai/__proto__', 'openai/toString'])('%s is a model as any other', (name) => {
    expect(fleet.plan(name).attempts[0]).toMatchObject({ modelGroup: name, upstreamModel: name.slice(7) });
  });

  it.each(['constructor', '__proto__', 'hasOwnProperty'])('%s is not there', (name) => {
    expect(fleet.failure(name).code).toBe('model_not_found');
  });
});

describe('a name that cannot be had', () => {
  const thrown = (run: () => unknown): GatewayError => {
    try {
      run();
    } catch (error) {
      if (error instanceof GatewayError) return error;
    }
    throw new Error('nothing was thrown');
  };

  it('is 404 with the closest names of those the key may use', () => {
    const fleet = new FleetUnderTest(spec);
    expect(thrown(() => fleet.plan('Llama3')).message).toBe(
      "The model 'Llama3' does not exist or you do not have access to it. Did you mean 'llama3'?",
    );
    const restricted = thrown(() => fleet.plan('Llama3', { key: { models: ['bare'] } }));
    expect(restricted.code).toBe('model_not_found');
    expect(restricted.message).not.toContain('llama3');
  });

  it('is 403 where it exists and the key may not use it, with some that it may', () => {
    const fleet = new FleetUnderTest(spec);
    const error = thrown(() => fleet.plan('llama3', { key: { models: ['bare'] } }));
    expect(error.code).toBe('model_not_allowed');
    expect(error.message).toContain("'bare'");
  });

  it('the right to a complexity router covers its tiers, and the right to a tier not the router', () => {
    const router = {
      modelName: 'smart',
      tiers: { SIMPLE: ['fast'] },
      defaultModel: 'fast',
      boundaries: { simpleMedium: 0.15, mediumComplex: 0.35, complexReasoning: 0.6 },
      weights: {},
      tokenThresholds: { simple: 15, complex: 400 },
      keywords: { code: [], reasoning: [], technical: [], simple: [] },
      reasoningOverrideMinScore: 0.15,
      lengthFloors: {},
    };
    const fleet = new FleetUnderTest({ ...spec, routers: [router] });
    expect(fleet.plan('smart', { key: { models: ['smart'] } }).modelGroup).toBe('llama3');
    expect(thrown(() => fleet.plan('smart', { key: { models: ['fast'] } })).code).toBe('model_not_allowed');
  });

  it('an upstream name reaches only the groups that the key may use', () => {
    const fleet = new FleetUnderTest({
      deployments: [
        { modelName: 'a', host: 'one', upstreamModel: 'same' },
        { modelName: 'b', host: 'two', upstreamModel: 'same' },
      ],
    });
    expect(fleet.hosts('same', { key: { models: ['b'] } })).toEqual(['two']);
    expect(thrown(() => fleet.plan('same', { key: { models: ['c'] } })).code).toBe('model_not_allowed');
  });

  it('a deployment behind a pattern cannot be pinned', () => {
    const deployments = [{ modelName: 'x/*', host: 'one', id: 'pin', upstreamModel: '*' }];
    expect(thrown(() => new FleetUnderTest({ deployments }).plan('pin')).code).toBe('model_not_found');
  });

  it('never suggests a hidden alias', () => {
    const fleet = new FleetUnderTest(spec);
    expect(thrown(() => fleet.plan('fasterr')).message).not.toContain("'faster'");
  });
});
