/** The judge on a real bus, with workers that are played by the test. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { Bus } from '#bus';
import {
  AlertCredentials,
  AlertModels,
  BackendNews,
  HealthBucket,
  LookNow,
  OwnersBucket,
  ProbeBackend,
  type Backend,
  type ProbeReply,
} from '#contracts';
import { Readiness, Snapshots } from '#service';
import { Metrics } from '#telemetry';
import { startNats, type TestServer } from '#testing';
import {
  backendOf,
  connectBus,
  deploymentOf,
  eventually,
  logger,
  publish,
  snapshotOf,
} from '../../provider-ollama/test/fixtures.js';
import { BackendProber } from '../backend-prober.client.js';
import { CredentialAlert } from '../credential-alert.publisher.js';
import { HealthRound } from '../health-round.publisher.js';
import { Roster } from '../roster/roster.publisher.js';

let nats: TestServer;
let bus: Bus;
let backend: Backend;
let replicas: { stop(): Promise<void> }[] = [];
let count = 0;

beforeAll(async () => {
  nats = await startNats();
  bus = await connectBus(nats.url, 'test');
});

afterAll(async () => {
  await bus?.drain();
  await nats?.stop();
});

beforeEach(async () => {
  count += 1;
  backend = backendOf(`gpu-${count}`, 'http://gpu');
  await publish(bus, snapshotOf([backend], [], { healthCheckIntervalMs: 200 }));
  await startHealth();
});

afterEach(async () => {
  for (const replica of replicas.splice(0)) await replica.stop();
});

async function startHealth(): Promise<void> {
  const own = await connectBus(nats.url, 'health');
  const metrics = new Metrics({ service: 'health', version: 'test', processMetrics: false });
  const snapshots = new Snapshots(own, logger, metrics, new Readiness());
  await snapshots.start();
  const credentials = new CredentialAlert(own, logger, metrics);
  const prober = new BackendProber(own, metrics, new Roster(own, snapshots, logger), credentials);
  const round = new HealthRound(own, prober, credentials, snapshots, logger, metrics);
  await round.onModuleInit();
  const stop = async () => {
    await round.onApplicationShutdown();
    snapshots.stop();
    await own.drain();
  };
  replicas.push({ stop });
}

const good: ProbeReply = { v: 1, reachable: true, reason: null, latencyMs: 1, version: '1', installed: [], loaded: [] };

function state(of: Backend = backend) {
  return eventually(async () => (await (await bus.bucket(HealthBucket)).get(of.id))?.value ?? null);
}

const becomes = (wanted: string) =>
  eventually(async () => ((await state()).state === wanted ? await state() : null), 30_000);

it('says that no worker serves a backend, until one does, and again when it has gone', async () => {
  expect(await becomes('unhealthy')).toMatchObject({ reason: 'no worker serves this backend' });
  const worker = bus.serve(ProbeBackend, { backend: backend.id }, async () => good);
  expect(await becomes('healthy')).toMatchObject({ reason: null, version: '1' });
  await worker.stop();
  await becomes('unhealthy');
});

it('believes a request that was refused before the next probe', async () => {
  let reply = good;
  const worker = bus.serve(ProbeBackend, { backend: backend.id }, async () => reply);
  await becomes('healthy');
  reply = { ...good, reachable: false, reason: 'The backend could not be reached (ECONNREFUSED).' };
  const outcome = {
    v: 1 as const,
    backendId: backend.id,
    deploymentId: deploymentOf('d', backend.id, 'm').id,
    modelGroup: 'm',
    ok: false,
    errorCode: 'upstream_unreachable',
    upstreamStatus: null,
    blame: 'backend' as const,
    retryAfterMs: null,
    durationMs: 1,
    firstTokenMs: null,
    inputTokens: 0,
    outputTokens: 0,
    stream: true,
    at: new Date().toISOString(),
  };
  bus.publish(BackendNews, outcome, { tokens: { backend: backend.id } });
  await becomes('unhealthy');
  reply = good;
  await becomes('healthy');
  await worker.stop();
});

it('is one judge at a time: a second replica takes over when the first has ended', async () => {
  let probes = 0;
  const worker = bus.serve(ProbeBackend, { backend: backend.id }, async () => {
    probes += 1;
    return good;
  });
  await startHealth();
  await becomes('healthy');
  await replicas.shift()?.stop();
  const before = probes;
  await eventually(() => probes > before + 2);
  await worker.stop();
});

it('that judges again says what it finds, whatever another replica said meanwhile', async () => {
  const worker = bus.serve(ProbeBackend, { backend: backend.id }, async () => good);
  const before = await becomes('healthy');
  const owners = await bus.bucket(OwnersBucket);
  await owners.put('service.health', { v: 1, holder: 'another', beat: 1, preferred: false, draining: false });
  await (await bus.bucket(HealthBucket)).put(backend.id, { ...before, state: 'unhealthy', reason: 'of another' });
  // Nobody beats for the other one, so its lease ends.
  expect(await becomes('healthy')).toMatchObject({ reason: null });
  await worker.stop();
});

it('without background checks asks a host that is well only when an admin asks, and one that is out until it is back', async () => {
  let probes = 0;
  let reply = good;
  const worker = bus.serve(ProbeBackend, { backend: backend.id }, async () => {
    probes += 1;
    return reply;
  });
  await becomes('healthy');
  await publish(bus, snapshotOf([backend], [], { healthCheckIntervalMs: 20, backgroundHealthChecks: false }));
  // The schedule that was planned before runs out first.
  const calm = async () => {
    const before = probes;
    await bus.request(LookNow, { v: 1 });
    return probes === before + 1;
  };
  await eventually(calm);
  reply = { ...good, reachable: false, reason: 'gone' };
  await bus.request(LookNow, { v: 1 });
  await becomes('unhealthy');
  reply = good;
  await becomes('healthy');
  await worker.stop();
});

it('forgets a backend that the config no longer has', async () => {
  await becomes('unhealthy');
  await publish(bus, snapshotOf([]));
  await eventually(async () => (await (await bus.bucket(HealthBucket)).get(backend.id)) === null);
});

it('alerts once when a configured free model is gone', async () => {
  const account = backendOf(`openrouter-${count}`, 'https://x', {
    kind: 'cloud',
    provider: 'openrouter',
    dialect: 'openai',
  });
  const offered = [{ name: 'other:free', sizeBytes: null, contextLength: null, capabilities: null }];
  const worker = bus.serve(ProbeBackend, { backend: account.id }, async () => ({ ...good, installed: offered }));
  const alerts: unknown[] = [];
  const consumer = await bus.consume({
    stream: 'EVENTS',
    durable: 'alerts',
    subjects: [AlertModels.subject],
    batch: 1,
    handle: async ([message]) => {
      alerts.push(message?.payload);
      message?.ack();
    },
  });
  const deployments = [deploymentOf('d', account.id, 'meta/llama:free')];
  await publish(bus, snapshotOf([account], deployments, { healthCheckIntervalMs: 50 }));
  await eventually(() => alerts.length > 0);
  expect(alerts).toMatchObject([
    {
      backendId: account.id,
      gone: [{ upstreamModel: 'meta/llama:free', replacement: { upstreamModel: 'other:free' } }],
    },
  ]);
  const shown = await eventually(async () => (await state(account)).retired ?? null);
  expect(shown).toMatchObject([{ upstreamModel: 'meta/llama:free', replacement: { upstreamModel: 'other:free' } }]);
  await consumer.stop();
  await worker.stop();
});

it('alerts once a day when a provider refuses a key, whether a probe or a request is told so', async () => {
  const account = backendOf(`openai-${count}`, 'https://x', { kind: 'cloud', provider: 'openai', dialect: 'openai' });
  let probes = 0;
  const worker = bus.serve(ProbeBackend, { backend: account.id }, async () => {
    probes += 1;
    return { ...good, reachable: false, reason: 'the provider refuses the credentials', credentialsRefused: true };
  });
  const alerts: unknown[] = [];
  const consumer = await bus.consume({
    stream: 'EVENTS',
    durable: 'credential-alerts',
    subjects: [AlertCredentials.subject],
    batch: 10,
    handle: async (messages) => {
      for (const message of messages) {
        alerts.push(message.payload);
        message.ack();
      }
    },
  });
  await publish(bus, snapshotOf([account], [], { healthCheckIntervalMs: 50 }));
  await eventually(() => alerts.length > 0 && probes > 2);
  expect(alerts).toMatchObject([{ backendId: account.id, provider: 'openai', problem: 'refused' }]);
  await consumer.stop();
  await worker.stop();
});
