import { describe, expect, it } from 'vitest';
import type { ConfigSnapshot as Snapshot } from '#contracts';
import { model, problemsOf, snapshotOf, withModel } from './testing/config-texts.js';

describe('settings that stand elsewhere than LiteLLM reads them', () => {
  it.each<[string, string, (snapshot: Snapshot) => unknown, unknown]>([
    [
      'drop_params under general_settings',
      'general_settings: {drop_params: true}\n',
      (s) => s.deployments[0]?.dropParams,
      true,
    ],
    [
      'max_budget under general_settings',
      'general_settings: {max_budget: 5, budget_duration: 7d}\n',
      (s) => s.general.maxBudget,
      '5',
    ],
    [
      'background_health_checks under litellm_settings',
      'litellm_settings: {background_health_checks: false}\n',
      (s) => s.general.backgroundHealthChecks,
      false,
    ],
    [
      'fallback_models under router_settings',
      'router_settings: {fallback_models: [a]}\n',
      (s) => s.routing.defaultFallbacks,
      ['a'],
    ],
    [
      'routing_strategy under litellm_settings',
      'litellm_settings: {routing_strategy: least-busy}\n',
      (s) => s.routing.strategy,
      'least-busy',
    ],
    [
      'master_key at the top',
      'master_key: sk-1234\n',
      (s) => s.general.masterKey,
      { from: 'file', path: 'master_key' },
    ],
    [
      'cors_origins under general_settings',
      'general_settings: {cors_origins: "http://a, http://b/"}\n',
      (s) => s.general.corsOrigins,
      ['http://a', 'http://b'],
    ],
    [
      'model_alias_map',
      'litellm_settings: {model_alias_map: {x: a}}\n',
      (s) => s.routing.aliases,
      { x: { model: 'a', hidden: false } },
    ],
    [
      'drop_params switched off where it belongs',
      'general_settings: {drop_params: true}\nlitellm_settings: {drop_params: false}\n',
      (s) => s.deployments[0]?.dropParams,
      false,
    ],
  ])('%s', (_name, rest, read, expected) => {
    expect(read(snapshotOf(withModel(rest)))).toEqual(expected);
  });

  it.each<[string, string, Partial<Snapshot['deployments'][number]>]>([
    ['order and weight under model_info', '    model_info: {order: 2, weight: 3}\n', { order: 2, weight: 3 }],
    ['rpm beside litellm_params', '    rpm: 7\n', { rpm: 7 }],
    [
      'num_ctx under model_info',
      '    model_info: {num_ctx: 8192}\n',
      { params: { num_ctx: 8192 }, maxInputTokens: 8192 },
    ],
    ['fallback_models under model_info', '    model_info: {fallback_models: [a]}\n', { fallbackModels: ['a'] }],
    ['fallback_models beside litellm_params', '    fallback_models: [a]\n', { fallbackModels: ['a'] }],
    ['one tag without a list', '    model_info: {tags: gpu}\n', { tags: ['gpu'] }],
    [
      'a system prompt with its mode',
      '    model_info: {system_prompt: Hi, system_prompt_mode: replace}\n',
      { systemPrompt: { text: 'Hi', mode: 'replace' } },
    ],
    [
      'prices under model_info',
      '    model_info: {input_cost_per_token: 0.000001}\n',
      {
        price: {
          inputPerMillion: '1',
          outputPerMillion: '0',
          cacheReadPerMillion: null,
          cacheWritePerMillion: null,
          perRequest: null,
          source: 'config',
        },
      },
    ],
    [
      'free keys of model_info',
      '    model_info: {team: lab, note: {a: 1}}\n',
      { modelInfo: { team: 'lab', note: { a: 1 } } },
    ],
  ])('%s', (_name, lines, expected) => {
    expect(snapshotOf(withModel(lines)).deployments[0]).toMatchObject(expected);
  });

  it('lets litellm_params win, and says so', () => {
    const text = `model_list:\n${model(['rpm: 5'])}    model_info: {rpm: 9}\n`;
    expect(snapshotOf(text).deployments[0]?.rpm).toBe(5);
    expect(problemsOf(text)).toEqual([
      'c.yaml:6: warning: model_list[0].model_info.rpm: ignored: litellm_params.rpm is set too',
    ]);
  });
});
