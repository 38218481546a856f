import { describe, expect, it } from 'vitest';
import type { ConfigSnapshot, PlanOverrides } from '#contracts';
import { loadConfigFile } from '#config';
import { mayBeScored } from './scored-names.js';

const models = `model_list:
  - { model_name: plain, litellm_params: { model: ollama/m } }
  - { model_name: other, litellm_params: { model: ollama/n } }
  - model_name: smart
    litellm_params:
      model: auto_router/complexity_router
      complexity_router_config: { tiers: { SIMPLE: other } }
`;
const none: PlanOverrides = {
  fallbacks: null,
  disableFallbacks: false,
  numRetries: null,
  timeoutMs: null,
  streamTimeoutMs: null,
  tags: [],
};

function snapshotOf(rest: string): ConfigSnapshot {
  const loaded = loadConfigFile({ path: 'c.yaml', text: models + rest, env: {} });
  if (loaded.kind === 'invalid') throw new Error(JSON.stringify(loaded.problems));
  return loaded.snapshot;
}

describe('the text of a request is shown to the router', () => {
  const aliases = 'router_settings: { model_group_alias: { s: smart, t: s } }\n';
  it.each([
    ['for a complexity router', 'smart', '', none, true],
    ['for an alias of an alias of one', 't', aliases, none, true],
    ['for another model', 'plain', aliases, none, false],
    ['for a name that every object has', 'constructor', aliases, none, false],
    ['where one is a fallback', 'plain', 'router_settings: { fallbacks: [{ plain: [smart] }] }\n', none, true],
    ['where one is a default fallback', 'nobody', 'router_settings: { default_fallbacks: [smart] }\n', none, true],
    ['where the client names one', 'plain', '', { ...none, fallbacks: ['smart'] }, true],
    [
      'where nothing else is tried',
      'plain',
      'router_settings: { fallbacks: [{ plain: [smart] }] }\n',
      { ...none, disableFallbacks: true },
      false,
    ],
  ])('%s', (_when, model, rest, overrides, expected) => {
    const snapshot = snapshotOf(rest);
    expect(mayBeScored(snapshot, model, overrides)).toBe(expected);
    expect(mayBeScored(snapshot, model, overrides)).toBe(expected);
  });
});
