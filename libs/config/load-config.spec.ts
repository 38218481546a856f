import { describe, expect, it } from 'vitest';
import { model, snapshotOf, withModel } from './testing/config-texts.js';

it.each([
  ['', undefined],
  ['signalbox: {metrics_semconv: false}\n', undefined],
  ['signalbox: {metrics_semconv: true}\n', true],
])('metrics of the GenAI conventions are there where they are asked for: %s', (written, wanted) => {
  const { general } = snapshotOf(withModel(written));
  expect([general.conventionalMetrics, general.extras]).toEqual([wanted, {}]);
});

describe('deployments', () => {
  const one = (params: string, info = '{}', env: Record<string, string> = {}) =>
    snapshotOf(`model_list:\n  - model_name: a\n    litellm_params: {${params}}\n    model_info: ${info}\n`, { env });

  it('reads openai/ with data_policy local as an engine in the house', () => {
    const snapshot = one('model: openai/qwen, api_base: "http://mac:1234/v1"', '{data_policy: local}', {
      OPENAI_API_KEY: 'sk-cloud',
    });
    expect(snapshot.backends).toMatchObject([
      { id: 'openai-mac-1234', kind: 'local', dialect: 'openai', apiKey: null },
    ]);
    expect(snapshot.deployments[0]).toMatchObject({ dataPolicy: 'local', price: { source: 'local' } });
  });

  it("never sends a provider's usual key to another host", () => {
    expect(
      one('model: openai/x, api_base: "http://elsewhere/v1"', '{}', { OPENAI_API_KEY: 'sk-cloud' }).backends[0]?.apiKey,
    ).toBeNull();
  });

  it.each([
    ['gpt-oss:120b-cloud', undefined],
    ['kimi-k2:cloud', undefined],
    ['gpt-oss:120b', 'https://ollama.com'],
  ])("does not take Ollama's cloud for local: %s", (name, base) => {
    const text = base === undefined ? `model: "ollama/${name}"` : `model: "ollama/${name}", api_base: "${base}"`;
    expect(one(text).deployments[0]).toMatchObject({ dataPolicy: 'may-retain', price: { source: 'free' } });
  });

  it('reads timeouts from the closest place, and 0 as unset', () => {
    const timeouts = (text: string) => {
      const [deployment] = snapshotOf(text).deployments;
      return [deployment?.timeoutMs, deployment?.streamTimeoutMs, deployment?.loadTimeoutMs];
    };
    expect(timeouts(withModel(''))).toEqual([600_000, null, 300_000]);
    expect(timeouts(withModel('litellm_settings: {request_timeout: 50}\n'))).toEqual([50_000, null, 300_000]);
    expect(
      timeouts(
        withModel('litellm_settings: {request_timeout: 50}\nrouter_settings: {timeout: 40, stream_timeout: 4}\n'),
      ),
    ).toEqual([40_000, 4_000, 300_000]);
    expect(
      timeouts(
        `model_list:\n${model(['timeout: 30', 'stream_timeout: 0'])}router_settings: {stream_timeout: 4}\nsignalbox: {load_timeout: 9}\n`,
      ),
    ).toEqual([30_000, 4_000, 9_000]);
  });

  it('has ids that survive tuning, and change with the model or the host', () => {
    const id = (params: string) => one(params).deployments[0]?.id;
    const base = id('model: ollama/x, api_base: "http://h:1"');
    expect(id('model: ollama_chat/x, rpm: 3, timeout: 9, api_base: "http://h:1/"')).toBe(base);
    expect(id('model: ollama/y, api_base: "http://h:1"')).not.toBe(base);
    expect(id('model: ollama/x, api_base: "http://h:2"')).not.toBe(base);
  });

  it('tells two accounts of one provider apart, with stable ids, and no value of a key in them', () => {
    const entry = (name: string, key: string) =>
      `  - model_name: ${name}\n    litellm_params: {model: openrouter/x/y, api_key: ${key}}\n`;
    const text = `model_list:\n${entry('a', 'os.environ/OPENROUTER_API_KEY')}${entry('b', 'os.environ/SECOND')}${entry('c', 'sk-or-literal-1')}${entry('d', 'sk-or-literal-1')}`;
    const ids = snapshotOf(text, { env: { OPENROUTER_API_KEY: 'x', SECOND: 'y' } }).deployments.map(({ backendId }) =>
      String(backendId),
    );
    expect(ids[0]).toBe('openrouter');
    expect(ids[1]).toMatch(/^openrouter-[0-9a-f]{6}$/);
    expect(ids[2]).toBe(ids[3]);
    expect(new Set(ids).size).toBe(3);
  });

  it('gives a host as many places as its deployments or its own setting say', () => {
    const host = (rest: string) =>
      snapshotOf(
        `model_list:\n${model(['api_base: http://h:1', 'max_parallel_requests: 2'])}${model(['api_base: http://h:1/', 'max_parallel_requests: 4'], 'b')}${rest}`,
      ).backends;
    expect(host('')).toMatchObject([{ id: 'ollama-h-1', maxParallelRequests: 4 }]);
    expect(host('signalbox: {host_parallel_requests: {"http://h:1/": 8}}\n')).toMatchObject([
      { maxParallelRequests: 8 },
    ]);
  });

  it('expands `*` to the providers whose key is there', () => {
    const text = 'model_list:\n  - model_name: "*"\n    litellm_params: {model: "*"}\n';
    const names = snapshotOf(text, { env: { ANTHROPIC_API_KEY: 'x', GROQ_API_KEY: 'y' } }).deployments.map(
      ({ modelName, upstreamModel }) => `${modelName} ${upstreamModel}`,
    );
    expect(names).toEqual(['anthropic/* *', 'claude-* claude-*', 'groq/* *']);
  });

  it('puts the text behind the star where the star stands', () => {
    const text = 'model_list:\n  - model_name: "local/(.*)"\n    litellm_params: {model: ollama/*}\n';
    expect(snapshotOf(text).deployments).toMatchObject([
      { modelName: 'local/*', upstreamModel: '*', backendId: 'ollama-127-0-0-1-11434' },
    ]);
  });

  it('keeps a reference in extra_headers instead of the secret', () => {
    const params = 'model: ollama/x, extra_headers: {Authorization: os.environ/TOKEN}';
    expect(one(params, '{}', { TOKEN: 'very-secret' }).deployments[0]?.extraHeaders).toEqual({
      Authorization: 'os.environ/TOKEN',
    });
  });

  it('fills litellm_params from a credential', () => {
    const text = `credential_list:\n  - credential_name: c\n    credential_values: {api_key: os.environ/K, api_base: "http://h/v1"}\nmodel_list:\n  - model_name: a\n    litellm_params: {model: openai/x, litellm_credential_name: c}\n`;
    expect(snapshotOf(text, { env: { K: 'v' } }).backends).toMatchObject([
      { apiBase: 'http://h/v1', apiKey: { from: 'env', name: 'K' } },
    ]);
  });

  it('finds the price and the context of an Azure deployment by its base_model', () => {
    const [deployment] = one(
      'model: azure/prod, api_base: "https://x.openai.azure.com", api_key: k, api_version: "2025-01-01"',
      '{base_model: azure/gpt-4o}',
    ).deployments;
    expect(deployment).toMatchObject({
      price: { inputPerMillion: '2.5' },
      maxInputTokens: 128_000,
      upstreamModel: 'prod',
    });
  });

  it("takes LiteLLM's prices of searches and of what is cached for an hour", () => {
    const [deployment] = one(
      'model: anthropic/claude-sonnet-4-5, api_key: k, input_cost_per_token: 0.000001, cache_creation_input_token_cost_above_1hr: 0.000002',
      '{search_context_cost_per_query: {search_context_size_low: 0.02, search_context_size_medium: 0.03}}',
    ).deployments;
    expect(deployment?.price).toMatchObject({ cacheWriteHourPerMillion: '2', units: { perWebSearch: '0.03' } });
    const [listed] = one('model: anthropic/claude-sonnet-4-5, api_key: k, output_cost_per_token: 0.000001').deployments;
    expect(listed?.price).toMatchObject({ units: { perWebSearch: '0.01' } });
  });

  it('has no price for what it does not know', () => {
    expect(one('model: openai/gpt-99, api_key: k').deployments[0]?.price).toBeNull();
  });
});

describe('the revision', () => {
  const text = withModel('general_settings: {master_key: sk-one-11111111}\n');

  it('is the same for the same contents in another order and with other comments', () => {
    const reordered = `general_settings: {master_key: sk-one-11111111} # hi\n${withModel('')}`;
    expect(snapshotOf(reordered).revision).toBe(snapshotOf(text).revision);
  });

  it.each([
    ['a limit', text.replace('ollama/x', 'ollama/x\n      rpm: 4')],
    ['a secret that stands in the file', text.replace('sk-one', 'sk-two')],
    ['an alias', `${text}router_settings: {model_group_alias: {z: a}}\n`],
  ])('changes with %s', (_name, changed) => {
    expect(snapshotOf(changed).revision).not.toBe(snapshotOf(text).revision);
  });
});

it('reads numbers by class of error for retries and cooldowns, of all models and of single ones', () => {
  const text = `model_list:
  - model_name: a
    litellm_params: {model: ollama/x}
    model_info: {allowed_fails_policy: {TimeoutErrorAllowedFails: 9}}
router_settings:
  retry_policy: {TimeoutErrorRetries: 1, BadGatewayErrorRetries: null}
  model_group_retry_policy: {a: {RateLimitErrorRetries: 4}}
  allowed_fails_policy: {RateLimitErrorAllowedFails: 0, ServiceUnavailableErrorAllowedFails: 2}
`;
  const { routing, deployments } = snapshotOf(text);
  expect(routing).toMatchObject({
    retryPolicy: { TimeoutError: 1 },
    groupRetryPolicy: { a: { RateLimitError: 4 } },
    allowedFailsPolicy: { RateLimitError: 0, ServiceUnavailableError: 2 },
  });
  expect(deployments[0]?.allowedFailsPolicy).toEqual({ TimeoutError: 9 });
});
