import { describe, expect, it } from 'vitest';
import { load, model, problemsOf } from './testing/config-texts.js';

const entry = (params: string, more = '') => `model_list:\n  - model_name: a\n    litellm_params: {${params}}\n${more}`;
/** With the model `a` before it, so that its tiers begin at line 8. */
const router = (config: string) =>
  `model_list:\n${model()}  - model_name: r\n    litellm_params:\n      model: auto_router/complexity_router\n      complexity_router_config: ${config}\n`;
const params = 'error: model_list[0].litellm_params';

describe('a model that cannot be used', () => {
  it.each([
    [
      'text for an entry',
      'model_list:\n  - gpt-4o\n',
      'c.yaml:2: error: model_list[0]: must be a map of settings, is the text "gpt-4o"',
    ],
    [
      'no model_name',
      'model_list:\n  - litellm_params: {model: ollama/x}\n',
      'c.yaml:2: error: model_list[0].model_name: is missing',
    ],
    ['no litellm_params', 'model_list:\n  - model_name: a\n', `c.yaml:2: ${params}.model: is missing`],
    ['no model', entry('rpm: 1'), `c.yaml:3: ${params}.model: is missing`],
    [
      'a model that is a number',
      entry('model: 7'),
      `c.yaml:3: ${params}.model: must be text, is the number 7; put it in quotes`,
    ],
    [
      'what is wrong beside a missing name',
      'model_list:\n  - litellm_params: {model: foo/x, rpm: -1}\n',
      `c.yaml:2: ${params}.rpm: must be more than 0, is the number -1`,
    ],
    [
      'an unknown provider beside a missing name',
      'model_list:\n  - litellm_params: {model: foo/x}\n',
      `c.yaml:2: ${params}.model: the provider 'foo' is not supported`,
    ],
    [
      'what is wrong beside a name that is a number',
      'model_list:\n  - {model_name: 5, litellm_params: {model: 7}, model_info: {mode: x}}\n',
      'c.yaml:2: error: model_list[0].model_info.mode: must be one of',
    ],
    [
      'a negative limit',
      `model_list:\n${model(['rpm: -5'])}`,
      `c.yaml:5: ${params}.rpm: must be more than 0, is the number -5`,
    ],
    [
      'a limit of 0',
      `model_list:\n${model(['tpm: 0'])}`,
      `c.yaml:5: ${params}.tpm: must be more than 0, is the number 0`,
    ],
    [
      'a limit in quotes',
      `model_list:\n${model(['rpm: "10"'])}`,
      `c.yaml:5: ${params}.rpm: must be a number, is the text "10"; take off the quotes`,
    ],
    [
      'half a request',
      `model_list:\n${model(['rpm: 1.5'])}`,
      `c.yaml:5: ${params}.rpm: must be a whole number, is the number 1.5`,
    ],
    [
      'a negative limit under model_info',
      entry('model: ollama/x', '    model_info:\n      rpm: -5\n'),
      'c.yaml:5: error: model_list[0].model_info.rpm: must be more than 0, is the number -5',
    ],
    [
      'a negative timeout',
      `model_list:\n${model(['timeout: -1'])}`,
      `c.yaml:5: ${params}.timeout: must be at least 0, is the number -1`,
    ],
    [
      'a negative price',
      `model_list:\n${model(['input_cost_per_token: -0.1'])}`,
      `c.yaml:5: ${params}.input_cost_per_token: must be at least 0, is the number -0.1`,
    ],
    [
      'an order that is text',
      `model_list:\n${model(['order: first'])}`,
      `c.yaml:5: ${params}.order: must be a number, is the text "first"`,
    ],
    [
      'an unknown provider',
      entry('model: bedrock/claude'),
      `c.yaml:3: ${params}.model: the provider 'bedrock' is not supported. If it speaks OpenAI's API, write 'openai/claude' with its api_base and api_key`,
    ],
    ['a mistyped provider', entry('model: olama/x'), "Did you mean 'ollama'?"],
    [
      'a bare name that nobody knows',
      entry('model: llama3'),
      "'llama3' has no provider in front; write e.g. 'ollama/llama3'",
    ],
    [
      'an address without http',
      `model_list:\n${model(['api_base: gpu-1:11434'])}`,
      `c.yaml:5: ${params}.api_base: must begin with http:// or https://; did you mean 'http://gpu-1:11434'?`,
    ],
    [
      'a password in an address',
      `model_list:\n${model(['api_base: http://u:p@gpu-1'])}`,
      'must hold no user or password',
    ],
    ['an address with a query', `model_list:\n${model(['api_base: http://gpu-1/?key=1'])}`, 'must hold no query'],
    [
      'azure without an address',
      entry('model: azure/x, api_key: k'),
      `c.yaml:3: ${params}.api_base: is missing; azure/ needs one`,
    ],
    [
      'a cloud that claims to be local',
      entry('model: anthropic/claude-opus-5, api_key: k', '    model_info: {data_policy: local}\n'),
      "c.yaml:4: error: model_list[0].model_info.data_policy: 'local' cannot hold for anthropic's cloud",
    ],
    [
      'OpenAI that claims to be local',
      entry('model: openai/gpt-4o, api_key: k', '    model_info: {data_policy: local}\n'),
      'give the api_base of the local engine',
    ],
    [
      'a data policy that is none',
      entry('model: ollama/x', '    model_info: {data_policy: lokal}\n'),
      'c.yaml:4: error: model_list[0].model_info.data_policy: must be one of local, no-retention, may-retain, may-train; is the text "lokal". Did you mean \'local\'?',
    ],
    [
      'two deployments of one id',
      `${entry('model: ollama/x', '    model_info: &i {id: one}\n')}  - model_name: b\n    litellm_params: {model: ollama/y}\n    model_info: *i\n`,
      'error: model_list[1].model_info.id: model_list[0] has this id too',
    ],
    [
      'an id that is too long for the bus',
      entry('model: ollama/x', `    model_info: {id: ${'x'.repeat(121)}}\n`),
      'error: model_list[0].model_info.id: must have at most 120 characters',
    ],
    [
      'a wildcard model under a plain name',
      entry('model: openai/*, api_key: k'),
      "c.yaml:2: error: model_list[0].model_name: must hold a '*', as the model 'openai/*' does",
    ],
    [
      'any provider under a plain name',
      entry('model: "*"'),
      "c.yaml:2: error: model_list[0].model_name: must hold a '*', as the model does",
    ],
    [
      'a credential that is not there',
      `model_list:\n${model(['litellm_credential_name: c'])}`,
      `c.yaml:5: ${params}.litellm_credential_name: no entry of credential_list has this name`,
    ],
    [
      'a router without models',
      entry('model: auto_router/complexity_router'),
      'names no model: set tiers or default_model',
    ],
    [
      'a tier that leads nowhere',
      router('{tiers: {SIMPLE: b}}'),
      "c.yaml:8: error: model_list[1].litellm_params.complexity_router_config.tiers.SIMPLE: there is no model 'b'. Did you mean 'a'?",
    ],
    [
      'a default model that is not there',
      router('{default_model: b}'),
      "c.yaml:8: error: model_list[1].litellm_params.complexity_router_config.default_model: there is no model 'b'",
    ],
    [
      'an unknown tier',
      router('{tiers: {EASY: a}}'),
      "c.yaml:8: error: model_list[1].litellm_params.complexity_router_config.tiers.EASY: unknown key 'EASY'",
    ],
    [
      'boundaries that fall',
      router('{tiers: {SIMPLE: a}, tier_boundaries: {simple_medium: 0.5}}'),
      'c.yaml:8: error: model_list[1].litellm_params.complexity_router_config.tier_boundaries: must rise',
    ],
    [
      'a router that leads to itself',
      `${router('{tiers: {SIMPLE: x}}')}router_settings:\n  model_group_alias: {x: r}\n`,
      'the complexity router leads back to itself: r -> x -> r',
    ],
  ])('%s', (_name, text, expected) => {
    expect(load(text).kind).toBe('invalid');
    expect(problemsOf(text).join('\n')).toContain(expected);
  });
});
