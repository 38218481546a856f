/** More instances of a suite's services: processes of their own on free ports, started as an operator would start them. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { repositoryRoot } from './repository-root.js';
import type { Suite } from './start-suite.js';

export type ExtraName = 'ingress' | 'router' | 'accounting';

export interface ExtraService {
  /** Where clients go; only an ingress listens there. */
  readonly url: string;
  readonly pid: number | undefined;
  /** What its processes wrote on stderr, the latest megabyte. */
  logs(): string;
  /** True while it says that it is ready. */
  isReady(): Promise<boolean>;
  /** kill -9, and a new process on the same ports; resolves once that is ready. */
  crash(): Promise<void>;
  stop(): Promise<void>;
}

const readyLimitMs = 60_000;

/** Where the servers of a suite are, with what one needs to get in. */
export function suiteServers(suite: Suite): { readonly natsUrl: string; readonly databaseUrl: string } {
  const read = (...path: string[]) => readFileSync(join(suite.dataDir, ...path), 'utf8');
  const nats = /^listen: "(.+)"$/m.exec(read('nats', 'nats-server.conf'))?.[1] ?? '';
  const port = read('postgres', '18', 'postmaster.pid').split('\n')[3]?.trim() ?? '';
  const password = encodeURIComponent(secretIn(suite, 'postgres-password'));
  return { natsUrl: `nats://${nats}`, databaseUrl: `postgresql://signalbox:${password}@127.0.0.1:${port}/signalbox` };
}

/** Starts one more instance; resolves once it is ready, rejects with its output where it ends before. */
export async function startExtraService(suite: Suite, name: ExtraName): Promise<ExtraService> {
  const [port, managementPort] = [await freePort(), await freePort()];
  const env = environmentFor(suite, name, port, managementPort);
  let child = run(name, env);
  let earlier = '';
  const isReady = async () => {
    const answer = await fetch(`http://127.0.0.1:${managementPort}/readyz`).catch(() => null);
    return answer?.status === 200;
  };
  await untilReady(child, isReady);
  return {
    url: `http://127.0.0.1:${port}`,
    get pid() {
      return child.process.pid;
    },
    isReady,
    logs: () => earlier + child.output,
    async crash() {
      await end(child.process, 'SIGKILL');
      earlier = child.output;
      child = run(name, env);
      await untilReady(child, isReady);
    },
    stop: () => end(child.process, 'SIGTERM'),
  };
}

function environmentFor(suite: Suite, name: ExtraName, port: number, managementPort: number): NodeJS.ProcessEnv {
  const { natsUrl, databaseUrl } = suiteServers(suite);
  const keepsKeys = name === 'ingress' || name === 'accounting';
  return {
    PATH: process.env['PATH'],
    HOME: process.env['HOME'],
    NODE_ENV: 'production',
    SIGNALBOX_SERVICE: name,
    NATS_URL: natsUrl,
    NATS_USER: name,
    NATS_PASSWORD: secretIn(suite, `nats-password-${name}`),
    SIGNALBOX_HOST: '127.0.0.1',
    SIGNALBOX_PORT: String(port),
    SIGNALBOX_MANAGEMENT_PORT: String(managementPort),
    SIGNALBOX_DATA_DIR: suite.dataDir,
    SIGNALBOX_DRAIN_SECONDS: '5',
    ...(suite.configFile === null ? {} : { SIGNALBOX_CONFIG: suite.configFile }),
    ...(name === 'accounting' ? { DATABASE_URL: databaseUrl } : {}),
    ...(keepsKeys ? { SIGNALBOX_KEY_PEPPER: secretIn(suite, 'key-pepper'), LITELLM_MASTER_KEY: suite.adminKey } : {}),
  };
}

/** A secret that the launcher made on the first start. */
export function secretIn(suite: Suite, name: string): string {
  return readFileSync(join(suite.dataDir, 'secrets', name), 'utf8').trim();
}

interface Running {
  readonly process: ChildProcess;
  output: string;
}

function run(name: ExtraName, env: NodeJS.ProcessEnv): Running {
  const root = repositoryRoot();
  const child = spawn(process.execPath, [join(root, 'dist', 'apps', name, 'main.js')], {
    cwd: root,
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const running: Running = { process: child, output: '' };
  child.stderr.on('data', (chunk: Buffer) => {
    running.output = (running.output + chunk.toString('utf8')).slice(-1_000_000);
  });
  // Nothing outlives the test runner.
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  child.once('exit', () => process.off('exit', kill));
  return running;
}

async function untilReady(running: Running, isReady: () => Promise<boolean>): Promise<void> {
  const until = performance.now() + readyLimitMs;
  while (!(await isReady())) {
    const { exitCode, signalCode } = running.process;
    if (exitCode !== null || signalCode !== null || performance.now() > until) {
      throw new Error(`an extra service did not become ready:\n${running.output.slice(-4_000)}`);
    }
    await wait(50);
  }
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill(signal);
  await exited;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}
