/** A second ingress beside the one of a running suite, as a second pod would be. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { repositoryRoot, type Suite } from '#testing';

export interface Replica {
  /** Where its clients go. */
  readonly url: string;
  stop(): Promise<void>;
}

const startLimitMs = 60_000;

/** Starts it with the environment of the first one, on ports of its own; resolves once it is ready. */
export async function startIngressReplica(suite: Suite): Promise<Replica> {
  const [port, managementPort] = [await freePort(), await freePort()];
  const child = spawn(process.execPath, [join(repositoryRoot(), 'dist', 'apps', 'ingress', 'main.js')], {
    env: {
      ...environmentOf(suite.pid('ingress') ?? 0),
      SIGNALBOX_PORT: String(port),
      SIGNALBOX_MANAGEMENT_PORT: String(managementPort),
      SIGNALBOX_DATA_DIR: join(suite.dataDir, 'replica'),
    },
    stdio: 'ignore',
  });
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    await exited;
  };
  const until = performance.now() + startLimitMs;
  while ((await fetch(`http://127.0.0.1:${managementPort}/readyz`).catch(() => null))?.status !== 200) {
    if (child.exitCode !== null || performance.now() > until) {
      await stop();
      throw new Error('the second ingress did not start');
    }
    await wait(100);
  }
  return { url: `http://127.0.0.1:${port}`, stop };
}

/** The variables of a running process (Linux). */
function environmentOf(pid: number): Record<string, string> {
  const lines = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  return Object.fromEntries(lines.filter(Boolean).map((line) => splitAtEquals(line)));
}

function splitAtEquals(line: string): [string, string] {
  const at = line.indexOf('=');
  return [line.slice(0, at), line.slice(at + 1)];
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
