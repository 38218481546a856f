/** Real servers for tests: each is a child process that ends with the test runner, whatever happens to that. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { repositoryRoot } from './repository-root.js';

const Facts = z.object({ port: z.number(), url: z.string(), pid: z.number() });

export interface TestServer {
  readonly url: string;
  readonly port: number;
  /** The pid of the server itself. */
  readonly pid: number;
  /** Ends the server and removes its data. */
  stop(): Promise<void>;
  /** Sends a signal to the server: SIGSTOP and SIGCONT delay it, SIGKILL is a crash. */
  signal(signal: NodeJS.Signals): void;
  /** Kills the server (as a crash does) and starts it again on the same port with the same data. */
  restart(): Promise<void>;
}

export interface TestServerOptions {
  readonly port?: number;
  /** NATS: user to password; without it anyone may connect. */
  readonly users?: Readonly<Record<string, string>>;
}

/** Starts a server of a kind in a fresh folder; resolves once it takes connections, rejects with its output if it ends before. */
export async function startTestServer(kind: 'nats' | 'postgres', options: TestServerOptions = {}): Promise<TestServer> {
  const folder = await mkdtemp(join(tmpdir(), `signalbox-${kind}-`));
  let running = await run(kind, { ...options, folder });
  const { port, url } = running.facts;
  return {
    url,
    port,
    get pid() {
      return running.facts.pid;
    },
    signal: (signal) => {
      process.kill(running.facts.pid, signal);
    },
    async stop() {
      await finish(running.child);
      await rm(folder, { recursive: true, force: true });
    },
    async restart() {
      process.kill(running.facts.pid, 'SIGKILL');
      await finish(running.child);
      running = await run(kind, { ...options, folder, port });
    },
  };
}

interface Running {
  readonly child: ChildProcess;
  readonly facts: z.infer<typeof Facts>;
}

async function run(kind: string, options: TestServerOptions & { folder: string }): Promise<Running> {
  const script = join(repositoryRoot(), 'deploy', 'local', 'test-server.mjs');
  const child = spawn(process.execPath, [script, kind, JSON.stringify(options)], { stdio: ['pipe', 'pipe', 'pipe'] });
  let output = '';
  child.stderr.on('data', (chunk: Buffer) => {
    output = (output + chunk.toString('utf8')).slice(-4_000);
  });
  const ended = once(child, 'exit').then(() => undefined);
  const line = await Promise.race([once(createInterface({ input: child.stdout }), 'line'), ended]);
  if (line === undefined) throw new Error(`${kind} did not start:\n${output}`);
  return { child, facts: Facts.parse(JSON.parse(String(line[0]))) };
}

async function finish(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.stdin?.end();
  await ended;
}
