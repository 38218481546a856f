/** The worked examples of docs/routing.md, worked. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { formatProblem, loadConfigFile } from '#config';
import { FleetUnderTest, loaded, type QuerySpec } from './route.fixtures.js';

const guide = readFileSync(new URL('../../docs/routing.md', import.meta.url), 'utf8');

function guideFleet(moreModels = ''): FleetUnderTest {
  const example = /```yaml\n([^`]*)```/.exec(guide)?.[1] ?? '';
  const text = example.replace('router_settings:', `${moreModels}router_settings:`);
  const file = loadConfigFile({ path: 'docs/routing.md', text, env: { OPENAI_API_KEY: 'sk' }, timezone: 'UTC' });
  if (file.kind === 'invalid') throw new Error(file.problems.map(formatProblem).join('\n'));
  return new FleetUnderTest(file.snapshot);
}

const tries = (fleet: FleetUnderTest, model: string, spec: QuerySpec = {}) =>
  fleet
    .plan(model, spec)
    .attempts.map((attempt) => new URL(attempt.backend.apiBase).hostname.replace('api.openai.com', 'openai'));

describe('docs/routing.md', () => {
  it('1: names', () => {
    const fleet = guideFleet();
    expect(fleet.plan('quickest').reasons[0]).toBe('route: quickest -> quick -> small');
    expect(fleet.plan('ollama/nemotron-3-nano:4b').modelGroup).toBe('small');
    expect(fleet.plan('nemotron-3-nano:4b').modelGroup).toBe('small');
    expect(fleet.plan('openai/o3').attempts[0]?.upstreamModel).toBe('o3');
    expect(fleet.failure('Small').message).toContain("Did you mean 'small'?");
  });

  it('2: keys', () => {
    const fleet = guideFleet();
    const key = { models: ['quick'] };
    expect(tries(fleet, 'quick', { key })).toContain('openai');
    expect(fleet.failure('gpt-4o', { key }).code).toBe('model_not_allowed');
    expect(fleet.failure('quick', { key, overrides: { fallbacks: ['gpt-4o'] } }).code).toBe('model_not_allowed');
    expect(fleet.failure('small', { key }).code).toBe('model_not_allowed');
  });

  it('4: data policies', () => {
    const fleet = guideFleet();
    expect([...new Set(tries(fleet, 'quick', { dataPolicy: 'local' }))]).toEqual(['clementine', 'banana', 'star']);
    expect(fleet.failure('gpt-4o', { dataPolicy: 'local' }).code).toBe('data_policy_violation');
  });

  it('6: clementine is switched off', () => {
    const fleet = guideFleet();
    const clementine = String(fleet.plan('small').attempts[0]?.deploymentId);
    const pauses: number[] = [];
    for (let trial = 0; trial < 6; trial += 1) {
      fleet.start('small', { requestId: `trial-${trial}` });
      fleet.fail(clementine, 'upstream_unreachable', { requestId: `trial-${trial}` });
      const failedAt = fleet.nowMs;
      while (tries(fleet, 'small')[0] !== 'clementine') fleet.nowMs += 1_000;
      pauses.push(fleet.nowMs - failedAt);
    }
    expect(pauses).toEqual([5_000, 10_000, 20_000, 40_000, 60_000, 60_000]);
  });

  it('9 and 10: the attempts of quick', () => {
    const chain = ['clementine', 'banana', 'clementine', 'star', 'star', 'star', 'openai', 'openai', 'openai'];
    expect(tries(guideFleet(), 'quick')).toEqual(chain);
    expect(tries(guideFleet(), 'small')).toEqual(['clementine', 'banana', 'clementine']);
  });

  it('8: residency leaves the host with the model when its queue is longer than a load', () => {
    const fleet = new FleetUnderTest({
      deployments: [
        { modelName: 'm', host: 'star' },
        { modelName: 'm', host: 'banana' },
      ],
    });
    fleet.load('star', { loaded: loaded('m'), running: 1, queued: 2, expectedWaitMs: 12_000 });
    expect(fleet.hosts('m')[0]).toBe('banana');
    fleet.load('star', { loaded: loaded('m'), running: 1, queued: 1, expectedWaitMs: 8_000 });
    expect(fleet.hosts('m')[0]).toBe('star');
  });

  it('11: every message of the table has its score and tier', () => {
    const router = `  - model_name: smart
    litellm_params:
      model: auto_router/complexity_router
      complexity_router_config: {tiers: {SIMPLE: small, MEDIUM: small, COMPLEX: large, REASONING: large}}
`;
    const fleet = guideFleet(router);
    const rows = [...guide.matchAll(/^\| `([^`]+)` \| (-?[\d.]+) \| (\w+)/gm)];
    expect(rows).toHaveLength(3);
    for (const [, message = '', score, tier] of rows) {
      expect(fleet.plan('smart', { lastUserText: message }).complexity).toMatchObject({ score: Number(score), tier });
    }
  });
});
