import { describe, expect, it } from 'vitest';
import { model, problemsOf, snapshotOf, withModel } from './testing/config-texts.js';

describe('os.environ', () => {
  it('fills any value, also in lists, numbers and booleans included', () => {
    const text = `model_list:\n${model(['rpm: os.environ/RPM', 'tags: [os.environ/TAG, b]', 'drop_params: os.environ/DROP'])}`;
    const env = { RPM: '12', TAG: 'gpu', DROP: 'True' };
    expect(snapshotOf(text, { env }).deployments[0]).toMatchObject({ rpm: 12, tags: ['gpu', 'b'], dropParams: true });
  });

  it('refuses a variable of the wrong form, at its place', () => {
    expect(problemsOf(`model_list:\n${model(['rpm: os.environ/RPM'])}`, { env: { RPM: 'many' } })[0]).toContain(
      'c.yaml:5: error: model_list[0].litellm_params.rpm: must be a number',
    );
  });

  it.each([
    ['the host', 'model: ollama/x, api_base: os.environ/HOST'],
    ['the model', 'model: os.environ/HOST'],
    ['the key', 'model: openai/gpt-4o, api_key: os.environ/HOST'],
    ['a header', 'model: ollama/x, extra_headers: {Authorization: os.environ/HOST}'],
  ])('takes a deployment out where %s is not set, and keeps its name', (_name, params) => {
    const text = `model_list:\n  - model_name: a\n    litellm_params: {${params}}\n`;
    expect(snapshotOf(text, { env: { HOST: '' } }).deployments).toMatchObject([
      { modelName: 'a', missingVariables: ['HOST'] },
    ]);
    expect(problemsOf(text)[0]).toContain('c.yaml:3: warning:');
  });

  it('leaves a key of the file out where its variable is not set', () => {
    const text = withModel('key_management:\n  keys:\n    - {key_alias: k, key_name: os.environ/NOPE}\n');
    expect(snapshotOf(text).declaredKeys).toEqual([]);
  });

  it('finds variables that the file sets itself, and never holds their values', () => {
    const text = `environment_variables:\n  MY_KEY: sk-secret-value-1\n  OTHER: os.environ/OUTER\nmodel_list:\n  - model_name: a\n    litellm_params: {model: openai/x, api_key: os.environ/MY_KEY, api_base: http://h/v1}\n`;
    const snapshot = snapshotOf(text, { env: { OUTER: 'x', MY_KEY: 'from outside' } });
    expect(snapshot.backends[0]?.apiKey).toEqual({ from: 'file', path: 'environment_variables.MY_KEY' });
    expect(snapshot.general.variables).toEqual({
      MY_KEY: { from: 'file', path: 'environment_variables.MY_KEY' },
      OTHER: { from: 'env', name: 'OUTER' },
    });
    expect(JSON.stringify(snapshot)).not.toContain('sk-secret-value-1');
  });

  it('takes LITELLM_MASTER_KEY without being asked', () => {
    expect(snapshotOf(withModel(''), { env: { LITELLM_MASTER_KEY: 'sk-1' } }).general.masterKey).toEqual({
      from: 'env',
      name: 'LITELLM_MASTER_KEY',
    });
    expect(snapshotOf(withModel('')).general.masterKey).toBeNull();
  });
});
