/** The five sample files, read as their owners mean them. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { ConfigSnapshot } from '#contracts';
import { loadConfigFile } from './load-config.js';
import { formatProblem } from './source/problems.js';

const folder = new URL('../../test/fixtures/samples/', import.meta.url);

const fullEnv = {
  LITELLM_MASTER_KEY: 'sk-master-1234',
  OPENROUTER_API_KEY: 'sk-or-1',
  OPENAI_API_KEY: 'sk-oa-1',
  ANTHROPIC_API_KEY: 'sk-an-1',
  SOLAR_BOT_KEY: 'sk-solar-1',
  DATABASE_URL: 'postgres://db/x',
  REDIS_URL: 'redis://r',
  LANGFUSE_PUBLIC_KEY: 'pk',
  LANGFUSE_SECRET_KEY: 'sk',
};

function load(name: string, env: Record<string, string> = fullEnv) {
  return loadConfigFile({
    path: name,
    text: readFileSync(new URL(name, folder), 'utf8'),
    env,
    timezone: 'Europe/Berlin',
  });
}

function snapshotOf(name: string, env?: Record<string, string>): ConfigSnapshot {
  const loaded = load(name, env);
  if (loaded.kind === 'invalid') throw new Error(loaded.problems.map(formatProblem).join('\n'));
  return loaded.snapshot;
}

const messagesOf = (name: string, severity: string, env?: Record<string, string>) =>
  load(name, env)
    .problems.filter((problem) => problem.severity === severity)
    .map(formatProblem);

const group = (snapshot: ConfigSnapshot, name: string) =>
  snapshot.deployments.filter(({ modelName }) => modelName === name);

describe('000: one GPU host and free cloud models, under proxy_config', () => {
  const name = '000-homelab-cluster.yaml';

  it('loads without a complaint', () => {
    expect(load(name).problems).toEqual([]);
  });

  it('knows two kinds of backend: the Ollama host and the OpenRouter account', () => {
    expect(snapshotOf(name).backends).toMatchObject([
      { id: 'ollama-ollama-ollama-svc-cluster-local-11434', kind: 'local', dialect: 'ollama', apiKey: null },
      { id: 'openrouter', kind: 'cloud', dialect: 'openai', apiKey: { from: 'env', name: 'OPENROUTER_API_KEY' } },
    ]);
  });

  it('knows the limit, the price and the data policy of free models without being told', () => {
    const [coder] = group(snapshotOf(name), 'qwen3-coder');
    expect(coder).toMatchObject({
      upstreamModel: 'qwen/qwen3-coder:free',
      rpm: 20,
      dataPolicy: 'may-train',
      price: { inputPerMillion: '0', source: 'free' },
    });
  });

  it('refuses to start without the master key, naming the variable and the line', () => {
    expect(messagesOf(name, 'error', {})).toEqual([
      `${name}:26: error: proxy_config.general_settings.master_key: the environment variable LITELLM_MASTER_KEY is not set; without it nobody could sign in`,
    ]);
  });

  it('takes out what needs the missing OPENROUTER_API_KEY, and uses its own database', () => {
    const env = { LITELLM_MASTER_KEY: 'sk-1', OPENROUTER_API_KEY: '' };
    expect(group(snapshotOf(name, env), 'hermes-405b')[0]?.missingVariables).toEqual(['OPENROUTER_API_KEY']);
    expect(group(snapshotOf(name, env), 'qwen3.5')[0]?.missingVariables).toEqual([]);
    expect(snapshotOf(name, env).general.databaseUrl).toBeNull();
    expect(messagesOf(name, 'warning', env)).toHaveLength(3);
    expect(messagesOf(name, 'note', env)[0]).toContain('the embedded database is used');
  });
});

describe('001: names by intent, limits, system prompts, a key in the file', () => {
  const name = '001-budgets-and-intents.yaml';

  it('enforces rpm and tpm where they stand, and puts the system prompt in front', () => {
    expect(group(snapshotOf(name), 'solar-expert')[0]).toMatchObject({
      rpm: 10,
      tpm: 30_000,
      params: { max_tokens: 2048 },
      systemPrompt: { text: expect.stringContaining('solar development'), mode: 'prepend' },
      dropParams: true,
      timeoutMs: 120_000,
    });
    expect(group(snapshotOf(name), 'solar-deep')[0]).toMatchObject({ rpm: 5, tpm: 40_000, extraBody: { think: true } });
  });

  it('keeps model_info as its owner wrote it', () => {
    expect(group(snapshotOf(name), 'solar-deep')[0]?.modelInfo).toMatchObject({ rpm: 5, tpm: 40_000 });
  });

  it('puts both models on the one host', () => {
    expect(snapshotOf(name).backends.map(({ id }) => id)).toEqual(['ollama-192-168-1-216-11435']);
  });

  it('has the key of the file with its budget, and never its value', () => {
    const snapshot = snapshotOf(name);
    expect(snapshot.declaredKeys).toEqual([
      {
        alias: 'solar-bot-prod',
        secret: { from: 'env', name: 'SOLAR_BOT_KEY' },
        path: 'key_management.keys[0]',
        fields: { max_budget: 25, budget_duration: '1d', budget_reset_at: '00:00' },
      },
    ]);
    expect(JSON.stringify(snapshot)).not.toContain('sk-solar-1');
  });

  it('says which reading it took', () => {
    expect(messagesOf(name, 'warning')).toEqual([]);
    const notes = messagesOf(name, 'note').join('\n');
    for (const part of [
      'model_info.rpm',
      'model_info.tpm',
      'system_prompt',
      'general_settings.drop_params',
      'key_management.keys',
    ]) {
      expect(notes).toContain(part);
    }
  });

  it('reads num_retries', () => {
    expect(snapshotOf(name).routing.numRetries).toBe(2);
  });
});

describe('002: four hosts, order, aliases by purpose, fallbacks between aliases, a complexity router', () => {
  const name = '002-mixed-hardware.yaml';

  it('loads: fallbacks in circles are fine', () => {
    expect(load(name).kind).toBe('ok');
    expect(snapshotOf(name).routing.fallbacks).toEqual({
      reasoning_fast: ['reasoning_slow', 'coding'],
      reasoning_slow: ['coding'],
      tools_fast: ['tools_slow', 'coding'],
      tools_slow: ['coding'],
      coding: ['reasoning_slow', 'tools_slow'],
    });
  });

  it('prefers clementine to banana, and star to the host behind https', () => {
    const snapshot = snapshotOf(name);
    const hosts = (model: string) =>
      group(snapshot, model)
        .map(({ order, backendId }) => `${order} ${backendId}`)
        .toSorted();
    expect(hosts('nemotron-3-nano:4b')).toEqual(['1 ollama-clementine-11434', '2 ollama-banana-11434']);
    expect(hosts('nemotron-cascade-2:30b')).toEqual(['1 ollama-star-11434', '2 ollama-ollama-443']);
  });

  it('serves chat although the file says completion, and embeddings although it says ollama_chat', () => {
    const snapshot = snapshotOf(name);
    expect(group(snapshot, 'qwen3.5:9b')[0]?.mode).toBe('chat');
    expect(group(snapshot, 'embeddinggemma').map(({ mode }) => mode)).toEqual(['embedding', 'embedding']);
  });

  it('has the eight aliases and the default fallback', () => {
    const { routing } = snapshotOf(name);
    expect(Object.keys(routing.aliases)).toHaveLength(8);
    expect(routing.aliases['vision']).toEqual({ model: 'qwen3.5:9b', hidden: false });
    expect(routing.defaultFallbacks).toEqual(['nemotron-cascade-2:30b']);
    expect(routing.strategy).toBe('simple-shuffle');
  });

  it("has the router's tiers, LiteLLM's numbers, and the floors of the owner's table", () => {
    expect(snapshotOf(name).complexityRouters).toMatchObject([
      {
        modelName: 'smart-router',
        tiers: {
          SIMPLE: ['reasoning_fast'],
          MEDIUM: ['reasoning_fast'],
          COMPLEX: ['reasoning_slow'],
          REASONING: ['reasoning_slow'],
        },
        defaultModel: 'reasoning_fast',
        boundaries: { simpleMedium: 0.15, mediumComplex: 0.35, complexReasoning: 0.6 },
        tokenThresholds: { simple: 15, complex: 400 },
        lengthFloors: { MEDIUM: 100, COMPLEX: 500 },
      },
    ]);
  });

  it('probes every 15 minutes, as the owner wrote under litellm_settings', () => {
    expect(snapshotOf(name).general).toMatchObject({ healthCheckIntervalMs: 900_000, backgroundHealthChecks: true });
  });
});

describe('003: rpm under litellm_params, map-form fallbacks, Redis cache, a global budget', () => {
  const name = '003-local-stack.yaml';

  it('has two nodes of 30 requests a minute for one name', () => {
    const nodes = group(snapshotOf(name), 'qwen3-local').map(({ rpm, backendId }) => [rpm, backendId]);
    expect(nodes).toEqual([
      [30, 'ollama-ollama-node-1-11434'],
      [30, 'ollama-ollama-node-2-11434'],
    ]);
  });

  it('takes fallbacks as a map', () => {
    expect(snapshotOf(name).routing.fallbacks).toEqual({ 'qwen3-local': ['gpt-4o-mini', 'claude-sonnet'] });
    expect(messagesOf(name, 'note').join('\n')).toContain('read as a map');
  });

  it('caps the whole gateway at 100 USD in 30 days', () => {
    expect(snapshotOf(name).general).toMatchObject({ maxBudget: '100', budgetDuration: '30d' });
  });

  it('caches for an hour, in Redis where there is one', () => {
    const { REDIS_URL: _gone, ...withoutRedis } = fullEnv;
    expect(snapshotOf(name).general.cache).toMatchObject({ enabled: true, type: 'redis', ttlMs: 3_600_000 });
    expect(snapshotOf(name, withoutRedis).general.cache).toMatchObject({ enabled: true, type: 'nats' });
    expect(messagesOf(name, 'warning', withoutRedis)).toEqual([
      expect.stringContaining(':20: warning: litellm_settings.cache_params.type'),
    ]);
  });

  it('knows the price of a retired model that people still type', () => {
    expect(group(snapshotOf(name), 'claude-sonnet')[0]).toMatchObject({
      provider: 'anthropic',
      upstreamModel: 'claude-3-5-sonnet-20241022',
      price: { inputPerMillion: '3', outputPerMillion: '15', source: 'table' },
      maxInputTokens: 200_000,
      dataPolicy: 'may-retain',
    });
  });

  it('refers to the master key in the file without holding it', () => {
    const snapshot = snapshotOf(name);
    expect(snapshot.general.masterKey).toEqual({ from: 'file', path: 'general_settings.master_key' });
    expect(JSON.stringify(snapshot)).not.toContain('sk-your-master-key');
  });

  it('still loads with nothing in the environment: the clouds are out, with a warning each', () => {
    expect(
      snapshotOf(name, {})
        .deployments.map(({ missingVariables }) => missingVariables)
        .flat(),
    ).toEqual(['OPENAI_API_KEY', 'ANTHROPIC_API_KEY']);
  });
});

describe('004: local first, cloud by name or as a fallback, least-busy over three hosts, Langfuse', () => {
  const name = '004-sovereign-gateway.yaml';

  it('has a pool of three hosts, shared by the least busy', () => {
    const snapshot = snapshotOf(name);
    expect(snapshot.routing.strategy).toBe('least-busy');
    expect(group(snapshot, 'llama3').map(({ backendId }) => backendId)).toEqual(
      [1, 2, 3].map((n) => `ollama-gpu-server-${n}-11434`),
    );
  });

  it('knows whose gpt-4o is', () => {
    expect(group(snapshotOf(name), 'gpt-4o')[0]).toMatchObject({
      provider: 'openai',
      backendId: 'openai',
      price: { inputPerMillion: '2.5' },
    });
  });

  it('falls back from smart to the cloud, and from llama3 to nothing', () => {
    expect(snapshotOf(name).routing.fallbacks).toEqual({ smart: ['gpt-4o'] });
  });

  it('keeps local models local, whatever stands beside them', () => {
    const local = snapshotOf(name).deployments.filter(({ provider }) => provider === 'ollama');
    expect(new Set(local.map(({ dataPolicy }) => dataPolicy))).toEqual(new Set(['local']));
    expect(new Set(local.map(({ price }) => price?.source))).toEqual(new Set(['local']));
  });

  it('waits ten minutes, tries three times more, and tells Langfuse', () => {
    const { routing, general, deployments } = snapshotOf(name);
    expect(deployments[0]?.timeoutMs).toBe(600_000);
    expect(routing.numRetries).toBe(3);
    expect(general).toMatchObject({
      successCallbacks: ['langfuse'],
      failureCallbacks: ['langfuse'],
      savingsReference: 'gpt-4o',
    });
  });

  it('says nothing but what LiteLLM would do the same', () => {
    expect(load(name).problems).toEqual([]);
  });
});
