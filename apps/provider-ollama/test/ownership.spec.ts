/** One owner for each host, on a real bus. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Bus } from '#bus';
import { DrainBackend, OwnersBucket, type Backend } from '#contracts';
import { OllamaUpstream, startNats, type TestServer } from '#testing';
import {
  ask,
  backendOf,
  connectBus,
  eventually,
  openingOf,
  publish,
  served,
  snapshotOf,
  startWorker,
} from './fixtures.js';

let nats: TestServer;
let bus: Bus;
let ollama: OllamaUpstream;
let hosts = 0;

beforeAll(async () => {
  nats = await startNats();
  bus = await connectBus(nats.url, 'ingress');
  ollama = await OllamaUpstream.start();
});

afterAll(async () => {
  await bus?.drain();
  await ollama?.stop();
  await nats?.stop();
});

async function host(): Promise<Backend> {
  hosts += 1;
  const backend = backendOf(`host-${hosts}`, ollama.url);
  await publish(bus, snapshotOf([backend]));
  return backend;
}

async function holderOf(backend: Backend): Promise<{ holder: string; preferred: boolean } | null> {
  const bucket = await bus.bucket(OwnersBucket);
  return (await bucket.get(`backend.${backend.id}`))?.value ?? null;
}

it('a standby takes over within five seconds when the owner dies', async () => {
  const backend = await host();
  const first = await startWorker(nats.url);
  await served(bus, backend);
  const owner = (await holderOf(backend))?.holder;
  const second = await startWorker(nats.url);
  const diedAt = performance.now();
  await first.kill();
  await eventually(async () => {
    const entry = await holderOf(backend);
    return entry !== null && entry.holder !== owner;
  });
  await served(bus, backend);
  expect(performance.now() - diedAt).toBeLessThan(5_000);
  expect((await ask(bus, openingOf(backend, 'llama3.2'))).failure).toBeNull();
  await second.stop();
});

it('a worker that ends hands its host over at once, in the state it was in', async () => {
  const backend = await host();
  const first = await startWorker(nats.url);
  await served(bus, backend);
  const second = await startWorker(nats.url);
  await bus.request(DrainBackend, { v: 1, draining: true }, { tokens: { backend: backend.id } });
  const owner = (await holderOf(backend))?.holder;
  await eventually(async () => {
    const bucket = await bus.bucket(OwnersBucket);
    return (await bucket.get(`backend.${backend.id}`))?.value.draining === true;
  });
  const endedAt = performance.now();
  await first.stop();
  await eventually(async () => {
    const entry = await holderOf(backend);
    return entry !== null && entry.holder !== owner;
  });
  expect(performance.now() - endedAt).toBeLessThan(2_000);
  await second.stop();
});

it('a worker that was started for a host goes before those that serve all, and serves only that host', async () => {
  const backend = await host();
  const other = backendOf(`other-${hosts}`, ollama.url);
  await publish(bus, snapshotOf([backend, other]));
  const general = await startWorker(nats.url);
  await served(bus, backend);
  await served(bus, other);
  const named = await startWorker(nats.url, { SIGNALBOX_BACKENDS: backend.id });
  await eventually(async () => (await holderOf(backend))?.preferred === true);
  expect((await holderOf(other))?.preferred).toBe(false);
  await eventually(async () => (await ask(bus, openingOf(backend, 'llama3.2'))).failure === null);
  await named.stop();
  await general.stop();
});

it('a standby takes over within five seconds from a process that was killed', async () => {
  const backend = await host();
  const dataDir = await mkdtemp(join(tmpdir(), 'signalbox-owner-'));
  const owner = spawn(
    process.execPath,
    ['--conditions=source', fileURLToPath(new URL('run-worker.mjs', import.meta.url))],
    {
      cwd: fileURLToPath(new URL('../../..', import.meta.url)),
      env: {
        PATH: process.env['PATH'],
        NATS_URL: nats.url,
        SIGNALBOX_DATA_DIR: dataDir,
        SIGNALBOX_MANAGEMENT_PORT: '0',
      },
      stdio: 'ignore',
    },
  );
  let standby: Awaited<ReturnType<typeof startWorker>> | null = null;
  try {
    const before = await eventually(() => holderOf(backend), 30_000);
    standby = await startWorker(nats.url);
    await served(bus, backend);
    expect((await ask(bus, openingOf(backend, 'llama3.2'))).failure).toBeNull();
    owner.kill('SIGKILL');
    const killedAt = performance.now();
    await eventually(async () => {
      const now = await holderOf(backend);
      return now !== null && now.holder !== before.holder;
    });
    expect(performance.now() - killedAt).toBeLessThan(5_000);
    await eventually(async () => (await ask(bus, openingOf(backend, 'llama3.2'))).failure === null);
  } finally {
    await standby?.stop();
    owner.kill('SIGKILL');
    await rm(dataDir, { recursive: true, force: true });
  }
});
