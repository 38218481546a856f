/** Data policies: no route leads out of them. */
import { describe, expect, it } from 'vitest';
import { FleetUnderTest, type SnapshotSpec } from './route.fixtures.js';

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
    const error = new FleetUnderTest(routes).failure(model, { dataPolicy: 'local', lastUserText: 'hi' });
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
    expect(fleet.failure('cloud', { dataPolicy: 'no-retention' }).code).toBe('data_policy_violation');
  });
});
