import { describe, expect, it } from 'vitest';
import { problemsOf, snapshotOf, withModel } from './testing/config-texts.js';

describe('included files', () => {
  const files: Record<string, string> = {
    'more.yaml':
      'model_list:\n  - model_name: b\n    litellm_params:\n      model: openai/gpt-4o\n      api_key: sk-in-the-include\n      rpm: 3\nlitellm_settings:\n  num_retries: 9\n  drop_params: true\n',
    'bad.yaml': 'model_list:\n  - model_name: b\n    litellm_params:\n      model: ollama/x\n      rpm: -3\n',
    'nested.yaml': 'include: [more.yaml]\n',
  };
  const readInclude = (name: string) => files[name] ?? null;
  const text = `include: [more.yaml]\n${withModel('litellm_settings: {num_retries: 1}\n')}`;

  it('add their models and fill up settings', () => {
    const snapshot = snapshotOf(text, { readInclude });
    expect(snapshot.deployments.map(({ modelName, path }) => [modelName, path])).toEqual([
      ['a', 'model_list[0]'],
      ['b', 'more.yaml#model_list[0]'],
    ]);
    expect(snapshot.routing.numRetries).toBe(1);
    expect(snapshot.deployments[0]?.dropParams).toBe(true);
    expect(snapshot.backends[1]?.apiKey).toEqual({
      from: 'file',
      path: 'more.yaml#model_list[0].litellm_params.api_key',
    });
  });

  it('have their own lines in messages', () => {
    expect(problemsOf(`include: [bad.yaml]\n${withModel('')}`, { readInclude, path: '/etc/s/c.yaml' })).toEqual([
      '/etc/s/bad.yaml:5: error: model_list[0].litellm_params.rpm: must be more than 0, is the number -3',
    ]);
  });

  it('cannot include others', () => {
    expect(problemsOf('include: [nested.yaml]\n', { readInclude }).join('\n')).toContain(
      'an included file cannot include others',
    );
  });
});
