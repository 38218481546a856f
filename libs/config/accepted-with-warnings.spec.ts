import { describe, expect, it } from 'vitest';
import { load, model, problemsOf, snapshotOf, withModel } from './testing/config-texts.js';

describe('a file that can be used, with a word about it', () => {
  it.each([
    [
      'an unknown section',
      withModel('router_setting: {}\n'),
      "c.yaml:5: warning: router_setting: unknown section 'router_setting', ignored. Did you mean 'router_settings'?",
    ],
    [
      'a header that names no customer',
      withModel('general_settings:\n  user_header_mappings: {header_name: X-Who, litellm_user_role: internal_user}\n'),
      "c.yaml:6: warning: general_settings.user_header_mappings: 'X-Who' has no effect: only headers of customers are read, not of 'internal_user'",
    ],
    [
      'a section without effect',
      withModel('guardrails: []\n'),
      "c.yaml:5: warning: guardrails: 'guardrails' has no effect here: there are no guardrails here",
    ],
    [
      'an unknown setting',
      withModel('litellm_settings:\n  num_retrys: 2\n'),
      "c.yaml:6: warning: litellm_settings.num_retrys: unknown key 'num_retrys', ignored. Did you mean 'num_retries'?",
    ],
    [
      'a setting without effect',
      withModel('general_settings:\n  store_model_in_db: true\n'),
      "c.yaml:6: warning: general_settings.store_model_in_db: 'store_model_in_db' has no effect here: models come from this file",
    ],
    [
      'an unknown parameter',
      `model_list:\n${model(['frobnicate: 2'])}`,
      "c.yaml:5: warning: model_list[0].litellm_params.frobnicate: unknown key 'frobnicate', ignored. To send it upstream, put it under extra_body.",
    ],
    [
      'a mistyped key of model_info',
      'model_list:\n  - model_name: a\n    litellm_params: {model: ollama/x}\n    model_info: {data_polcy: local}\n',
      "c.yaml:4: warning: model_list[0].model_info.data_polcy: kept, but without effect. Did you mean 'data_policy'?",
    ],
    [
      'an unknown field of a key',
      withModel('key_management:\n  keys:\n    - {key_alias: k, key_name: sk-1, bogus: 1}\n'),
      "c.yaml:7: warning: key_management.keys[0].bogus: unknown key 'bogus', ignored.",
    ],
    [
      'a field of a key without effect',
      withModel('key_management:\n  keys:\n    - {key_alias: k, key_name: sk-1, allowed_routes: [/x]}\n'),
      "c.yaml:7: warning: key_management.keys[0].allowed_routes: 'allowed_routes' has no effect here: not supported here",
    ],
    [
      'an unknown setting beside the keys',
      withModel('key_management:\n  key_generation: x\n'),
      "c.yaml:6: warning: key_management.key_generation: unknown key 'key_generation', ignored.",
    ],
    [
      'a fallback to nothing',
      withModel('router_settings:\n  fallbacks:\n    - a: [b]\n'),
      "c.yaml:7: warning: router_settings.fallbacks[0].a[0]: this fallback leads nowhere: there is no model 'b'. Did you mean 'a'?",
    ],
    [
      'fallbacks of nothing',
      withModel('router_settings:\n  fallbacks:\n    - zzz: [a]\n'),
      "c.yaml:7: warning: router_settings.fallbacks[0].zzz: these fallbacks are never used: there is no model 'zzz'.",
    ],
    [
      'retries of nothing',
      withModel('router_settings:\n  model_group_retry_policy: {b: {TimeoutErrorRetries: 1}}\n'),
      "c.yaml:6: warning: router_settings.model_group_retry_policy.b: these retries are never used: there is no model 'b'. Did you mean 'a'?",
    ],
    [
      'an unknown class of errors',
      withModel('router_settings:\n  allowed_fails_policy: {TimeoutErrorAlowedFails: 1}\n'),
      "c.yaml:6: warning: router_settings.allowed_fails_policy.TimeoutErrorAlowedFails: unknown error class, ignored. Did you mean 'TimeoutErrorAllowedFails'?",
    ],
    [
      'a cooldown for faults of requests',
      withModel('router_settings:\n  allowed_fails_policy: {BadRequestErrorAllowedFails: 1}\n'),
      'c.yaml:6: warning: router_settings.allowed_fails_policy.BadRequestErrorAllowedFails: has no effect here: a request that is itself at fault takes no deployment out',
    ],
    [
      'a default fallback to nothing',
      withModel('litellm_settings:\n  default_fallbacks: [zzz]\n'),
      'c.yaml:6: warning: litellm_settings.default_fallbacks[0]: this fallback leads nowhere',
    ],
    [
      'an unset variable in a setting',
      withModel('litellm_settings:\n  request_timeout: os.environ/NOPE\n'),
      'c.yaml:6: warning: litellm_settings.request_timeout: the environment variable NOPE is not set; the setting is left out',
    ],
    [
      'settings in both places',
      withModel('litellm_settings: {fallbacks: [{a: [a]}]}\nrouter_settings: {fallbacks: [{a: [a]}]}\n'),
      'c.yaml:5: warning: litellm_settings.fallbacks: ignored: router_settings.fallbacks is set too, and wins',
    ],
    [
      'an option of Ollama at a cloud',
      'model_list:\n  - model_name: a\n    litellm_params: {model: openai/gpt-4o, api_key: k, num_ctx: 9}\n',
      'c.yaml:3: warning: model_list[0].litellm_params.num_ctx: an option of Ollama, not sent to openai',
    ],
    [
      'the same deployment twice',
      `model_list:\n${model()}${model()}`,
      'c.yaml:5: warning: model_list[1]: the same model on the same host as model_list[0]',
    ],
    [
      'an alias that hides a model',
      withModel(
        `  - model_name: b\n    litellm_params: {model: ollama/y}\nrouter_settings:\n  model_group_alias: {b: a}\n`,
      ),
      "hides the model of the same name; requests for 'b' go to 'a'",
    ],
    [
      'a cache that is not on',
      withModel('litellm_settings:\n  cache_params: {type: local}\n'),
      'c.yaml:6: warning: litellm_settings.cache_params: without `cache: true` there is no cache',
    ],
    [
      'a webhook without an address',
      withModel('general_settings:\n  alerting: [webhook]\n'),
      "'webhook' reaches nobody: the environment variable WEBHOOK_URL is not set",
    ],
    [
      'a callback that is not there',
      withModel('litellm_settings:\n  success_callback: [datadog]\n'),
      "'datadog' is not supported",
    ],
    ['no models', 'general_settings: {}\n', 'warning: model_list: there are no models'],
    [
      'no key for a cloud',
      'model_list:\n  - model_name: a\n    litellm_params: {model: groq/x}\n',
      'warning: model_list[0].litellm_params.api_key: is missing, and the environment variable GROQ_API_KEY is not set',
    ],
    [
      "LiteLLM's path behind a base",
      `model_list:\n${model(['api_base: http://h:1/api/chat'])}`,
      'c.yaml:5: note: model_list[0].litellm_params.api_base: read as http://h:1',
    ],
    [
      'a short name of a strategy',
      withModel('router_settings:\n  routing_strategy: latency-based\n'),
      "c.yaml:6: note: router_settings.routing_strategy: 'latency-based' is read as latency-based-routing",
    ],
    [
      'settings beside proxy_config',
      `proxy_config:\n  model_list: []\nrouter_settings: {}\n`,
      'c.yaml:3: warning: router_settings: not read: the settings stand under proxy_config here',
    ],
  ])('%s', (_name, text, expected) => {
    expect(problemsOf(text).join('\n')).toContain(expected);
    expect(load(text).kind).toBe('ok');
  });

  it('keeps quiet about the other keys of a Helm values file', () => {
    expect(problemsOf(`image: {tag: x}\nproxy_config:\n${withModel('').replaceAll(/^/gm, '  ')}`)).toEqual([]);
  });
});

describe('the reference that savings are compared with', () => {
  it.each([
    ['gpt-4o-mini', 'gpt-4o-mini'],
    ['openai/gpt-4o', 'openai/gpt-4o'],
    ['claude-sonnet-4-5', 'anthropic/claude-sonnet-4-5'],
  ])('%s is %s', (written, expected) => {
    const text = withModel(`signalbox: {savings_reference: ${written}}\n`);
    expect(problemsOf(text)).toEqual([]);
    expect(snapshotOf(text).general.savingsReference).toBe(expected);
  });

  it('is warned about where its price is not known', () => {
    expect(problemsOf(withModel('signalbox: {savings_reference: gpt-99}\n'))).toEqual([
      "c.yaml:5: warning: signalbox.savings_reference: no price is known for 'gpt-99': no savings are shown",
    ]);
  });
});

describe('headers of end users', () => {
  it.each([
    ['user_header_name: X-OpenWebUI-User-Id', ['x-openwebui-user-id']],
    ['user_header_mappings: [{header_name: X-A, litellm_user_role: customer}, {header_name: X-B}]', ['x-a', 'x-b']],
    ['user_header_mappings: {header_name: X-A, litellm_user_role: internal_user}', undefined],
    ['alerting: []', undefined],
  ])('%s', (line, expected) => {
    expect(snapshotOf(withModel(`general_settings:\n  ${line}\n`)).general.userHeaders).toEqual(expected);
  });
});
