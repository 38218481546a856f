import { describe, expect, it } from 'vitest';
import { BackendId, ConfigSnapshot } from '#contracts';
import { defaultConfig } from './default-config.js';
import { withDiscoveredModels } from './discovered-models.js';
import { ollamaBaseUrl } from './ollama-host.js';

describe('ollamaBaseUrl', () => {
  it.each([
    [undefined, 'http://127.0.0.1:11434'],
    ['', 'http://127.0.0.1:11434'],
    ['gpu-1', 'http://gpu-1:11434'],
    ['gpu-1:9999', 'http://gpu-1:9999'],
    [':9999', 'http://127.0.0.1:9999'],
    ['0.0.0.0', 'http://127.0.0.1:11434'],
    ['0.0.0.0:8080', 'http://127.0.0.1:8080'],
    ['[::1]:11435', 'http://[::1]:11435'],
    ['::1', 'http://[::1]:11434'],
    ['[::]', 'http://127.0.0.1:11434'],
    ['http://gpu-1', 'http://gpu-1:80'],
    ['https://ollama.lan', 'https://ollama.lan:443'],
    ['https://ollama.lan:1234/base/', 'https://ollama.lan:1234/base'],
    ['"gpu-1"', 'http://gpu-1:11434'],
    ['  gpu-1  ', 'http://gpu-1:11434'],
    ['gpu 1', null],
    ['ftp://gpu-1', null],
    ['gpu-1:99999', null],
  ])('%s -> %s', (text, expected) => {
    expect(ollamaBaseUrl(text)).toBe(expected);
  });
});

describe('defaultConfig', () => {
  it('is only the Ollama host where nothing is set', () => {
    const snapshot = ConfigSnapshot.parse(defaultConfig({}));
    expect(snapshot.backends).toMatchObject([{ id: 'ollama-127-0-0-1-11434', kind: 'local', dialect: 'ollama' }]);
    expect(snapshot.discoverBackends).toEqual(['ollama-127-0-0-1-11434']);
    expect(snapshot.deployments).toEqual([]);
    expect(snapshot.problems).toEqual([]);
    expect(snapshot.general.masterKey).toBeNull();
  });

  it('offers the clouds whose keys are there, as wildcards', () => {
    const snapshot = defaultConfig({
      OPENROUTER_API_KEY: 'a',
      OPENAI_API_KEY: 'b',
      ANTHROPIC_API_KEY: 'c',
      GROQ_API_KEY: '',
    });
    expect(
      snapshot.deployments.map(({ modelName, upstreamModel, backendId }) => [modelName, upstreamModel, backendId]),
    ).toEqual([
      ['openrouter/*', '*', 'openrouter'],
      ['openai/*', '*', 'openai'],
      ['anthropic/*', '*', 'anthropic'],
    ]);
  });

  it('takes the master key of the environment', () => {
    expect(defaultConfig({ LITELLM_MASTER_KEY: 'sk-1' }).general.masterKey).toEqual({
      from: 'env',
      name: 'LITELLM_MASTER_KEY',
    });
  });

  it('warns of an OLLAMA_HOST that is no address', () => {
    expect(defaultConfig({ OLLAMA_HOST: 'gpu 1' }).problems).toMatchObject([
      { severity: 'warning', path: 'OLLAMA_HOST' },
    ]);
  });
});

describe('withDiscoveredModels', () => {
  const start = defaultConfig({ OPENAI_API_KEY: 'x' });
  const host = BackendId.parse('ollama-127-0-0-1-11434');
  const model = (name: string, capabilities: string[] | null = ['completion', 'tools']) => ({
    name,
    sizeBytes: 1,
    contextLength: 8192,
    capabilities,
  });
  const namesOf = (snapshot: ConfigSnapshot) => snapshot.deployments.map(({ modelName }) => modelName);

  it('offers what the host has, beside the clouds', () => {
    const found = withDiscoveredModels(start, host, [
      model('qwen3:14b'),
      model('nomic-embed-text:latest', ['embedding']),
    ]);
    expect(namesOf(found)).toEqual(['openai/*', 'nomic-embed-text:latest', 'qwen3:14b']);
    expect(ConfigSnapshot.parse(found).deployments).toMatchObject([
      {},
      { mode: 'embedding', dataPolicy: 'local' },
      {
        mode: 'chat',
        backendId: host,
        maxInputTokens: 8192,
        price: { source: 'local' },
        capabilities: { tools: true, vision: false },
      },
    ]);
  });

  it('lets models come and go, each with the same id as before', () => {
    const two = withDiscoveredModels(start, host, [model('a'), model('b')]);
    const one = withDiscoveredModels(two, host, [model('b')]);
    expect(namesOf(one)).toEqual(['openai/*', 'b']);
    expect(one.deployments[1]?.id).toBe(two.deployments[2]?.id);
    expect(one.revision).not.toBe(two.revision);
    expect(withDiscoveredModels(one, host, [model('a'), model('b')]).revision).toBe(two.revision);
  });

  it('is the same snapshot where nothing changed, in whatever order the host lists', () => {
    const two = withDiscoveredModels(start, host, [model('a'), model('b')]);
    expect(withDiscoveredModels(two, host, [model('b'), model('a')])).toBe(two);
  });

  it('leaves hosts alone that are not to be discovered', () => {
    expect(withDiscoveredModels(start, BackendId.parse('openai'), [model('a')])).toBe(start);
  });

  it("does not take a model that runs in Ollama's cloud for local", () => {
    const [, found] = withDiscoveredModels(start, host, [model('gpt-oss:120b-cloud', null)]).deployments;
    expect(found).toMatchObject({ dataPolicy: 'may-retain', mode: 'chat', capabilities: { tools: null } });
  });
});
