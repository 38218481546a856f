/**
 * A worker beside its host, in a network of its own: it can dial out to NATS and nowhere else, and nobody can dial in.
 * The host is on the loopback of that network, so no other worker could ever reach it.
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Bus } from '#bus';
import { startNats, type TestServer } from '#testing';
import {
  ask,
  backendOf,
  connectBus,
  contentOf,
  eventually,
  openingOf,
  publish,
  served,
  snapshotOf,
  startWorker,
} from './fixtures.js';

const space = `sb${process.pid}`;
const [outside, inside] = [`so${process.pid}`, `si${process.pid}`];
const net = `10.231.${process.pid % 250}`;
const root = fileURLToPath(new URL('../../..', import.meta.url));

/** From iproute2. */
const ipTool = 'ip';
const ip = (...args: string[]) => execFileSync(ipTool, args, { stdio: ['ignore', 'pipe', 'pipe'] }).toString();

/** Namespaces need root and the `ip` tool; elsewhere the test is skipped. */
function canMakeNetworks(): boolean {
  try {
    ip('netns', 'add', space);
    ip('netns', 'del', space);
    return true;
  } catch {
    return false;
  }
}

describe.runIf(canMakeNetworks())('a worker that can only dial out', () => {
  let nats: TestServer;
  let bus: Bus;
  let gate: Server;
  let dataDir: string;
  const children: ChildProcess[] = [];

  beforeAll(async () => {
    nats = await startNats();
    bus = await connectBus(nats.url, 'ingress');
    dataDir = await mkdtemp(join(tmpdir(), 'signalbox-beside-'));
    ip('netns', 'add', space);
    ip('link', 'add', outside, 'type', 'veth', 'peer', 'name', inside, 'netns', space);
    ip('addr', 'add', `${net}.1/30`, 'dev', outside);
    ip('link', 'set', outside, 'up');
    ip('-n', space, 'addr', 'add', `${net}.2/30`, 'dev', inside);
    ip('-n', space, 'link', 'set', inside, 'up');
    ip('-n', space, 'link', 'set', 'lo', 'up');
    const target = new URL(nats.url);
    gate = createServer((client) => {
      const server = connect(Number(target.port), target.hostname);
      client.pipe(server).pipe(client);
      for (const socket of [client, server]) socket.on('error', () => [client, server].forEach((one) => one.destroy()));
    });
    gate.listen(0, `${net}.1`);
    await once(gate, 'listening');
  });

  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL');
    gate?.close();
    await bus?.drain();
    await nats?.stop();
    ip('netns', 'del', space);
    await rm(dataDir, { recursive: true, force: true });
  });

  function startInside(script: string, env: Record<string, string>): ChildProcess {
    const file = fileURLToPath(new URL(script, import.meta.url));
    const args = ['netns', 'exec', space, process.execPath, '--conditions=source', file];
    const child = spawn(ipTool, args, {
      cwd: root,
      env: { PATH: process.env['PATH'], ...env },
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    children.push(child);
    return child;
  }

  async function firstLine(child: ChildProcess): Promise<string> {
    if (child.stdout !== null) for await (const line of createInterface({ input: child.stdout })) return line;
    throw new Error('the process ended before it said anything');
  }

  it('serves its host with nothing but NATS_URL and the name of its backend', async () => {
    const url = await firstLine(startInside('run-host.mjs', {}));
    const backend = backendOf('far-away', url);
    await publish(bus, snapshotOf([backend]));
    const near = await startWorker(nats.url);
    await served(bus, backend);
    expect((await ask(bus, openingOf(backend, 'llama3.2'))).failure?.code).toBe('upstream_unreachable');

    const address = gate.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const worker = startInside('run-worker.mjs', {
      NATS_URL: `nats://${net}.1:${port}`,
      SIGNALBOX_BACKENDS: backend.id,
      SIGNALBOX_DATA_DIR: dataDir,
      SIGNALBOX_MANAGEMENT_PORT: '0',
    });
    const heard = await eventually(async () => {
      const answer = await ask(bus, openingOf(backend, 'llama3.2'));
      return answer.failure === null ? answer : null;
    }, 30_000);
    expect(contentOf(heard.text).length).toBeGreaterThan(0);

    const sockets = ip('netns', 'exec', space, 'cat', '/proc/net/tcp');
    const listening = sockets
      .split('\n')
      .flatMap((line) => / ([0-9A-F]{8}):[0-9A-F]{4} [0-9A-F:]+ 0A /.exec(line)?.[1] ?? []);
    expect(new Set(listening)).toEqual(new Set(['0100007F']));

    worker.kill('SIGTERM');
    await once(worker, 'exit');
    await near.stop();
  });
});
