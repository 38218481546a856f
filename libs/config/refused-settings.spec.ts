import { describe, expect, it } from 'vitest';
import { load, problemsOf, withModel } from './testing/config-texts.js';

const key = (fields: string) => `key_management:\n  keys:\n    - {${fields}}\n`;

describe('settings that cannot be used', () => {
  it.each([
    [
      'a negative budget',
      'litellm_settings:\n  max_budget: -1\n',
      'c.yaml:6: error: litellm_settings.max_budget: must be at least 0, is the number -1',
    ],
    [
      'a negative budget elsewhere',
      'general_settings:\n  max_budget: -1\n',
      'c.yaml:6: error: general_settings.max_budget: must be at least 0, is the number -1',
    ],
    [
      'a flag that is text',
      'litellm_settings:\n  drop_params: maybe\n',
      'c.yaml:6: error: litellm_settings.drop_params: must be true or false, is the text "maybe"',
    ],
    [
      'a duration that is none',
      'litellm_settings:\n  budget_duration: fortnight\n',
      "c.yaml:6: error: litellm_settings.budget_duration: must be a duration such as '30s', '10m', '24h', '7d', '1mo' or 'monthly'",
    ],
    [
      'a status that is none',
      'litellm_settings:\n  budget_exceeded_status_code: 200\n',
      'c.yaml:6: error: litellm_settings.budget_exceeded_status_code: must be at least 400, is the number 200',
    ],
    [
      'an alias to nothing',
      'router_settings:\n  model_group_alias:\n    fast: b\n',
      "c.yaml:7: error: router_settings.model_group_alias.fast: there is no model 'b'. Did you mean 'a'?",
    ],
    [
      'aliases in a circle',
      'router_settings:\n  model_group_alias:\n    x: y\n    y: x\n',
      'c.yaml:7: error: router_settings.model_group_alias.x: the aliases run in a circle: x -> y -> x',
    ],
    ['an alias to itself', 'router_settings:\n  model_group_alias: {x: x}\n', 'the aliases run in a circle: x -> x'],
    [
      'an unknown strategy',
      'router_settings:\n  routing_strategy: least-bussy\n',
      "c.yaml:6: error: router_settings.routing_strategy: there is no strategy 'least-bussy'. Did you mean 'least-busy'?",
    ],
    [
      'fallbacks that are text',
      'router_settings:\n  fallbacks: a\n',
      'c.yaml:6: error: router_settings.fallbacks: must be a list of maps, is the text "a"',
    ],
    [
      'a list of names for fallbacks',
      'router_settings:\n  fallbacks: [a]\n',
      'c.yaml:6: error: router_settings.fallbacks[0]: must be a map `model: [fallbacks]`, is the text "a"',
    ],
    [
      'a fallback that is a number',
      'router_settings:\n  fallbacks:\n    - a: [3]\n',
      'c.yaml:7: error: router_settings.fallbacks[0].a[0]: must be the name of a model, is the number 3',
    ],
    [
      'a retry policy that is text',
      'router_settings:\n  retry_policy: {TimeoutErrorRetries: two}\n',
      'must be a whole number from 0, is the text "two"',
    ],
    [
      'a retry policy of a model that is a number',
      'router_settings:\n  model_group_retry_policy: {a: 2}\n',
      'c.yaml:6: error: router_settings.model_group_retry_policy.a: must be a map such as {TimeoutErrorRetries: 1}, is the number 2',
    ],
    [
      'a list of origins with a number in it',
      'signalbox:\n  cors_origins: [http://a, 1]\n',
      'c.yaml:6: error: signalbox.cors_origins[1]: must be text, is the number 1; put it in quotes',
    ],
    [
      'names that are a map',
      'general_settings:\n  alerting: {slack: true}\n',
      'c.yaml:6: error: general_settings.alerting: must be a list or text, is a map',
    ],
    [
      'a time with its unit',
      'litellm_settings:\n  request_timeout: 10s\n',
      'c.yaml:6: error: litellm_settings.request_timeout: must be a number, is the text "10s"; a plain number of seconds',
    ],
    [
      'a master key that YAML reads as a number',
      'general_settings:\n  master_key: 12345\n',
      'c.yaml:6: error: general_settings.master_key: must be text, is a number; put it in quotes',
    ],
    [
      'an unknown key of ours',
      'signalbox:\n  first_token_timeot: 3\n',
      "c.yaml:6: error: signalbox.first_token_timeot: unknown key 'first_token_timeot'. Did you mean 'first_token_timeout'?",
    ],
    [
      'an unknown choice',
      'signalbox:\n  context_overflow: cut\n',
      'c.yaml:6: error: signalbox.context_overflow: must be one of reject, truncate; is the text "cut".',
    ],
    [
      'a time zone that is none',
      'signalbox:\n  timezone: Europe/Berlim\n',
      "c.yaml:6: error: signalbox.timezone: there is no time zone 'Europe/Berlim'",
    ],
    ['a key without an alias', key('key_name: sk-1'), 'c.yaml:7: error: key_management.keys[0].key_alias: is missing'],
    [
      'a key without a key',
      key('key_alias: k'),
      'c.yaml:7: error: key_management.keys[0].key_name: is missing; best as os.environ/NAME',
    ],
    [
      'a key with a negative budget',
      key('key_alias: k, key_name: sk-1, max_budget: -3'),
      'c.yaml:7: error: key_management.keys[0].max_budget: must be at least 0, is the number -3',
    ],
    [
      'two keys of one alias',
      `${key('key_alias: k, key_name: sk-1')}    - {key_alias: k, key_name: sk-2}\n`,
      'c.yaml:8: error: key_management.keys[1].key_alias: key_management.keys[0] has this alias too',
    ],
    [
      'a reset time that is none',
      key('key_alias: k, key_name: sk-1, budget_reset_at: "25:00"'),
      "budget_reset_at: must be a time such as '00:00'",
    ],
    [
      'two keys of one secret',
      `${key('key_alias: k, key_name: sk-1')}    - {key_alias: l, key_name: sk-1}\n`,
      'c.yaml:8: error: key_management.keys[1].key_name: is the same as that of key_management.keys[0]',
    ],
    [
      'a key with the secret of the master key',
      `${key('key_alias: k, key: sk-admin-1')}general_settings:\n  master_key: sk-admin-1\n`,
      'c.yaml:7: error: key_management.keys[0].key: is the same as the master key',
    ],
    [
      'a key that is blocked maybe',
      key('key_alias: k, key_name: sk-1, blocked: maybe'),
      'c.yaml:7: error: key_management.keys[0].blocked: must be true or false, is the text "maybe"',
    ],
    [
      'a budget of a model that is negative',
      key('key_alias: k, key_name: sk-1, model_max_budget: {a: -1}'),
      'c.yaml:7: error: key_management.keys[0].model_max_budget.a: ',
    ],
    [
      'a key that logs something else',
      key('key_alias: k, key_name: sk-1, logging: all'),
      'c.yaml:7: error: key_management.keys[0].logging: must be one of full, none; is the text "all".',
    ],
    [
      'a budget that begins anew at every moment',
      'litellm_settings:\n  budget_duration: 0d\n',
      'c.yaml:6: error: litellm_settings.budget_duration: must be a duration',
    ],
    [
      'a budget of two months',
      'litellm_settings:\n  budget_duration: 2mo\n',
      'c.yaml:6: error: litellm_settings.budget_duration: must be a duration',
    ],
    [
      'a key that lives for a century',
      key('key_alias: k, key_name: sk-1, duration: 40000d'),
      'c.yaml:7: error: key_management.keys[0].duration: must be a duration',
    ],
    [
      'another database',
      'general_settings:\n  database_url: sqlite:///litellm.db\n',
      'c.yaml:6: error: general_settings.database_url: must begin with postgresql:// or postgres://',
    ],
    [
      'an origin without its scheme',
      'signalbox:\n  cors_origins: [https://a.example, chat.example]\n',
      "c.yaml:6: error: signalbox.cors_origins: 'chat.example' is no origin",
    ],
    [
      'an alias without a name',
      'router_settings:\n  model_group_alias: {"": a}\n',
      'c.yaml:6: error: router_settings.model_group_alias',
    ],
    [
      'an unset master key',
      'general_settings:\n  master_key: os.environ/NOPE\n',
      'c.yaml:6: error: general_settings.master_key: the environment variable NOPE is not set',
    ],
    [
      'an empty master key',
      'general_settings:\n  master_key: ""\n',
      'c.yaml:6: error: general_settings.master_key: must not be empty',
    ],
  ])('%s', (_name, rest, expected) => {
    expect(load(withModel(rest)).kind).toBe('invalid');
    expect(problemsOf(withModel(rest)).join('\n')).toContain(expected);
  });
});
