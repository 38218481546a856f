/** The router on a real bus: publishing configs, following the fleet, answering. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Bus } from '#bus';
import {
  AttemptOutcome,
  BackendHealth,
  BackendLoad,
  ConfigBucket,
  GatewayError,
  HealthBucket,
  RouterFleet,
  RouterModels,
  RouterPlan,
  type ConfigSnapshot,
} from '#contracts';
import { startNats, type TestServer } from '#testing';
import { installed, queryOf, type QuerySpec } from '../route.fixtures.js';
import { connect, startRouter, type RouterService } from './router-service.js';

let nats: TestServer;
let bus: Bus;
let folder: string;
let running: RouterService[] = [];

const start = async (variables: Record<string, string> = {}) => {
  const router = await startRouter(nats.url, variables);
  running.push(router);
  await eventually(() => router.readiness.ready).toBe(true);
  return router;
};
const eventually = <T>(read: () => T | Promise<T>) => expect.poll(read, { timeout: 10_000, interval: 25 });
const plan = (model: string, spec: QuerySpec = {}) => bus.request(RouterPlan, queryOf(model, spec));
const hosts = async (model: string) => (await plan(model)).attempts.map((attempt) => attempt.backend.apiBase);
const failure = async (model: string) => {
  const error: unknown = await plan(model).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  return error instanceof GatewayError ? error : null;
};
const inForce = async (): Promise<ConfigSnapshot | null> =>
  (await (await bus.bucket(ConfigBucket)).get('snapshot'))?.value ?? null;
const modelNames = async (models: string[] = []) => {
  const reply = await bus.request(RouterModels, { v: 1, models, teamModels: [] });
  return reply.models.map((model) => model.id);
};

const twoHosts = (extra = '') => `
model_list:
  - model_name: llama3
    litellm_params: { model: "ollama/llama3.1:8b", api_base: "http://one:11434", order: 1 }
  - model_name: llama3
    litellm_params: { model: "ollama/llama3.1:8b", api_base: "http://two:11434", order: 2 }
router_settings: { num_retries: 0 }
${extra}`;

beforeEach(async () => {
  nats = await startNats();
  bus = await connect(nats.url);
  folder = await mkdtemp(join(tmpdir(), 'router-'));
});
afterEach(async () => {
  await Promise.all(running.map((router) => router.stop()));
  running = [];
  await bus.drain();
  await nats.stop();
  await rm(folder, { recursive: true });
});

describe('with a config file', () => {
  const file = async (text: string) => {
    const path = join(folder, 'config.yaml');
    await writeFile(path, text);
    return path;
  };

  it('plans by it, and takes a change over within two seconds', async () => {
    const path = await file(twoHosts());
    await start({ SIGNALBOX_CONFIG: path });
    expect(await hosts('llama3')).toEqual(['http://one:11434', 'http://two:11434']);
    const began = performance.now();
    await file(twoHosts().replace('model_name: llama3', 'model_name: other'));
    await eventually(() => modelNames()).toEqual(['other', 'llama3']);
    expect(performance.now() - began).toBeLessThan(2_000);
  });

  it('keeps the last good config over an unusable file, says why, and takes the mended one', async () => {
    const path = await file(twoHosts());
    const router = await start({ SIGNALBOX_CONFIG: path });
    const before = await inForce();
    await file(twoHosts('model_list: []'));
    await eventually(async () => (await inForce())?.refused?.problems.length ?? 0).toBeGreaterThan(0);
    expect((await inForce())?.revision).toBe(before?.revision);
    expect(await hosts('llama3')).toHaveLength(2);
    expect(await router.metrics.text()).toMatch(/config_reload_failures_total.* 1/);
    await file(twoHosts());
    await eventually(async () => (await inForce())?.refused).toBeNull();
  });

  it('is not ready with an unusable first file, and becomes so with a good one', async () => {
    const path = await file('model_list: 7');
    const router = await startRouter(nats.url, { SIGNALBOX_CONFIG: path });
    running.push(router);
    expect(router.readiness.reasons).toHaveProperty('config-file');
    await file(twoHosts());
    await eventually(() => router.readiness.ready).toBe(true);
  });

  it('several routers publish one revision, once', async () => {
    const path = await file(twoHosts());
    const seen: string[] = [];
    const watcher = (await bus.bucket(ConfigBucket)).watch((_key, snapshot) => seen.push(snapshot?.revision ?? ''));
    await start({ SIGNALBOX_CONFIG: path });
    await start({ SIGNALBOX_CONFIG: path });
    await eventually(() => seen.length).toBeGreaterThan(0);
    await bus.flush();
    watcher.stop();
    expect(seen).toHaveLength(1);
  });

  it('cools a dead host, shows it, and lets it back after a probe', async () => {
    await start({ SIGNALBOX_CONFIG: await file(twoHosts()) });
    const [first] = (await plan('llama3')).attempts;
    if (first === undefined) throw new Error('no attempt');
    const backendId = first.backend.id;
    bus.publish(
      AttemptOutcome,
      {
        v: 1,
        backendId,
        deploymentId: first.deploymentId,
        modelGroup: 'llama3',
        ok: false,
        errorCode: 'upstream_unreachable',
        upstreamStatus: null,
        blame: 'backend',
        retryAfterMs: null,
        durationMs: 1,
        firstTokenMs: null,
        inputTokens: 0,
        outputTokens: 0,
        stream: false,
        at: new Date().toISOString(),
      },
      { tokens: { backend: backendId } },
    );
    await eventually(() => hosts('llama3')).toEqual(['http://two:11434']);
    const report = await bus.request(RouterFleet, { v: 1 });
    const cooling = report.deployments.filter((deployment) => deployment.coolingUntil !== null);
    expect(cooling.map((deployment) => deployment.coolingReason)).toEqual(['the backend could not be reached']);
    await judge(backendId, { state: 'healthy' });
    await eventually(() => hosts('llama3')).toEqual(['http://one:11434', 'http://two:11434']);
  });

  it('leaves out what health finds unhealthy and what a worker drains', async () => {
    await start({ SIGNALBOX_CONFIG: await file(twoHosts()) });
    const [first, second] = (await plan('llama3')).attempts.map((attempt) => attempt.backend.id);
    if (first === undefined || second === undefined) throw new Error('no attempts');
    await judge(first, { state: 'unhealthy', reason: 'connection refused' });
    await eventually(() => hosts('llama3')).toEqual(['http://two:11434']);
    const load = { v: 1, reporter: 'w', running: 0, queued: 0, loaded: null, expectedWaitMs: null } as const;
    const tokens = { backend: second };
    bus.publish(BackendLoad, { ...load, backendId: second, draining: true, at: new Date().toISOString() }, { tokens });
    await eventually(async () => (await failure('llama3'))?.code).toBe('no_healthy_backend');
    const error = await failure('llama3');
    expect(error?.details.adminText).toContain('connection refused');
    expect(error?.details.retryAfterMs).toBeGreaterThan(0);
  });
});

describe('without a config file', () => {
  it('offers what the Ollama host has, as it comes and goes', async () => {
    await start({ OLLAMA_HOST: 'http://127.0.0.1:1' });
    expect(await modelNames()).toEqual([]);
    const id = (await inForce())?.discoverBackends[0] ?? '';
    await judge(id, { state: 'healthy', installed: installed('mistral:latest', 'qwen3:8b') });
    await eventually(() => modelNames()).toEqual(['mistral:latest', 'qwen3:8b']);
    expect((await plan('mistral')).attempts[0]?.upstreamModel).toBe('mistral:latest');
    await judge(id, { state: 'healthy', installed: installed('qwen3:8b') });
    await eventually(() => modelNames()).toEqual(['qwen3:8b']);
    await judge(id, { state: 'unhealthy', installed: null });
    await eventually(async () => (await failure('qwen3:8b'))?.code).toBe('no_healthy_backend');
    expect(await modelNames()).toEqual(['qwen3:8b']);
  });

  it('offers the clouds whose keys are there', async () => {
    await start({ OLLAMA_HOST: 'http://127.0.0.1:1', OPENROUTER_API_KEY: 'sk-or-1' });
    const [attempt] = (await plan('openrouter/qwen/qwen3-coder')).attempts;
    expect(attempt).toMatchObject({ upstreamModel: 'qwen/qwen3-coder', kind: 'cloud' });
    expect((await failure('openai/gpt-4o'))?.code).toBe('model_not_found');
  });
});

async function judge(backendId: string, spec: Partial<Omit<BackendHealth, 'backendId'>>): Promise<void> {
  const at = new Date().toISOString();
  const health = BackendHealth.parse({
    v: 1,
    backendId,
    state: 'healthy',
    reason: null,
    since: at,
    lastProbeAt: at,
    probeLatencyMs: 1,
    version: null,
    installed: null,
    loaded: null,
    ...spec,
  });
  await (await bus.bucket(HealthBucket)).put(backendId, health);
}
