/** The whole suite as `npm start` runs it, on free ports and with a data directory of its own. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { stringify } from 'yaml';
import { z } from 'zod';
import { repositoryRoot } from './repository-root.js';

export const suiteProcesses = [
  'ingress',
  'router',
  'accounting',
  'health',
  'provider-ollama',
  'provider-cloud',
  'nats',
  'postgres',
] as const;
export type SuiteProcess = (typeof suiteProcesses)[number];

export interface SuiteOptions {
  /** The config file: its text, or an object that is written as YAML; without it none. */
  readonly config?: string | object;
  /** Added to a small environment of the suite's own; a variable with undefined is left out. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** More arguments of `npm start`. */
  readonly args?: readonly string[];
  /** Keep and use this data directory; without it a fresh one, removed at the end. */
  readonly dataDir?: string;
  /** LITELLM_MASTER_KEY; null for a gateway without one. */
  readonly adminKey?: string | null;
}

export interface Suite {
  /** Where clients go, without a path. */
  readonly url: string;
  /** The master key; empty where there is none. */
  readonly adminKey: string;
  readonly dataDir: string;
  readonly configFile: string | null;
  readonly launcher: ChildProcess;
  /** Everything on stderr so far, and every line of the log files. */
  logs(): string;
  /** JSON lines of one service's log. */
  records(service: SuiteProcess): Record<string, unknown>[];
  /** The pid of a process as its pid file has it; undefined while it is down. */
  pid(service: SuiteProcess): number | undefined;
  kill(service: SuiteProcess, signal?: NodeJS.Signals): void;
  /** Resolves once a process with another pid than this runs under the name. */
  restarted(service: SuiteProcess, oldPid: number): Promise<number>;
  /** Management port of a service, as it is now. */
  managementPort(service: SuiteProcess): number;
  /** Overwrites the config file. */
  writeConfig(config: string | object): Promise<void>;
  /** fetch with the master key and JSON. */
  fetch(path: string, init?: { method?: string; body?: unknown; headers?: Record<string, string> }): Promise<Response>;
  /** SIGTERM; resolves with the exit code, when all is gone and the data directory removed. */
  stop(): Promise<number | null>;
}

const Ports = z.object({ management: z.record(z.string(), z.number()) });
const restartLimitMs = 30_000;

/** Starts the suite and waits for its ready line; rejects with its output if it ends instead. */
export async function startSuite(options: SuiteOptions = {}): Promise<Suite> {
  const home = await mkdtemp(join(tmpdir(), 'signalbox-suite-'));
  const dataDir = options.dataDir ?? join(home, 'data');
  const configFile = options.config === undefined ? null : join(home, 'config.yaml');
  if (configFile !== null) await writeFile(configFile, textOf(options.config));
  const adminKey = options.adminKey === undefined ? 'sk-master-1234' : (options.adminKey ?? '');
  const args = ['--port', '0', '--host', '127.0.0.1', '--data-dir', dataDir, ...(options.args ?? [])];
  if (configFile !== null) args.push('--config', configFile);
  const launcher = spawnLauncher(args, { LITELLM_MASTER_KEY: adminKey, ...options.env });
  const output = collected(launcher);
  const clean = () => rm(home, { recursive: true, force: true });
  try {
    const url = await readyUrl(launcher, output);
    return suiteOf({ url, adminKey, dataDir, configFile, launcher, output, clean });
  } catch (error) {
    await clean();
    throw error;
  }
}

/** Runs the launcher with these arguments, as the script of `npm start` does. The output is the caller's to read. */
export function spawnLauncher(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): ChildProcess {
  const root = repositoryRoot();
  return spawn(process.execPath, [join(root, 'deploy', 'local', 'start.mjs'), ...args], {
    cwd: root,
    env: { ...inherited(), SIGNALBOX_DRAIN_SECONDS: '5', SIGNALBOX_MANAGEMENT_PORT: someManagementPort(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/**
 * The launcher takes the first free ports from here, and its services listen seconds later: suites that look from the same
 * port at the same time choose the same ones. Ten for each, below those that the system gives out.
 */
function someManagementPort(): string {
  return String(12_000 + 10 * Math.floor(Math.random() * 2_000));
}

/** Of the test runner's environment only what programs need to run: the developer's keys stay out. */
function inherited(): Record<string, string | undefined> {
  const names = ['PATH', 'HOME', 'TMPDIR', 'TZ', 'LANG', 'NODE_EXTRA_CA_CERTS', 'npm_execpath'];
  const kept = Object.fromEntries(names.map((name) => [name, process.env[name]]));
  // No real Ollama of the machine either: a port where nobody listens.
  return { ...kept, OLLAMA_HOST: 'http://127.0.0.1:9', npm_lifecycle_event: 'test' };
}

function textOf(config: string | object | undefined): string {
  return typeof config === 'string' ? config : stringify(config);
}

interface Output {
  out: string;
  err: string;
}

function collected(launcher: ChildProcess): Output {
  const output = { out: '', err: '' };
  launcher.stdout?.on('data', (chunk: Buffer) => (output.out += chunk.toString('utf8')));
  launcher.stderr?.on('data', (chunk: Buffer) => (output.err += chunk.toString('utf8')));
  return output;
}

async function readyUrl(launcher: ChildProcess, output: Output): Promise<string> {
  for (;;) {
    const url = /^Signalbox ready on (\S+)$/m.exec(output.out)?.[1];
    if (url !== undefined) return url;
    if (launcher.exitCode !== null || launcher.signalCode !== null) {
      throw new Error(`the suite did not start (exit code ${String(launcher.exitCode)}):\n${output.err.slice(-6_000)}`);
    }
    await Promise.race([once(launcher, 'exit'), launcher.stdout === null ? [] : once(launcher.stdout, 'data')]);
  }
}

interface Parts {
  readonly url: string;
  readonly adminKey: string;
  readonly dataDir: string;
  readonly configFile: string | null;
  readonly launcher: ChildProcess;
  readonly output: Output;
  readonly clean: () => Promise<void>;
}

function suiteOf({ output, clean, ...parts }: Parts): Suite {
  const { url, adminKey, dataDir, configFile, launcher } = parts;
  const pid = (service: SuiteProcess) => {
    try {
      return Number(readFileSync(join(dataDir, 'run', `${service}.pid`), 'utf8')) || undefined;
    } catch {
      // Between two processes there is no file.
      return undefined;
    }
  };
  return {
    ...parts,
    pid,
    logs: () => output.err + textsIn(join(dataDir, 'logs')),
    records: (service) => recordsIn(join(dataDir, 'logs', `${service}.log`)),
    kill(service, signal = 'SIGKILL') {
      const own = pid(service);
      if (own === undefined) throw new Error(`${service} does not run`);
      process.kill(own, signal);
    },
    async restarted(service, oldPid) {
      const until = performance.now() + restartLimitMs;
      for (let now = pid(service); performance.now() < until; now = pid(service)) {
        if (now !== undefined && now !== oldPid) return now;
        await wait(20);
      }
      throw new Error(`${service} did not come back:\n${output.err.slice(-3_000)}`);
    },
    managementPort(service) {
      const ports = Ports.parse(JSON.parse(readFileSync(join(dataDir, 'run', 'ports.json'), 'utf8')));
      return ports.management[service] ?? 0;
    },
    async writeConfig(config) {
      if (configFile === null) throw new Error('the suite was started without a config file');
      await writeFile(configFile, textOf(config));
    },
    fetch: (path, { method = 'GET', body, headers = {} } = {}) =>
      fetch(`${url}${path}`, {
        method,
        headers: {
          ...(adminKey === '' ? {} : { authorization: `Bearer ${adminKey}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    async stop() {
      if (launcher.exitCode === null && launcher.signalCode === null) {
        const exited = once(launcher, 'exit');
        launcher.kill('SIGTERM');
        await exited;
      }
      await clean();
      return launcher.exitCode;
    },
  };
}

function textsIn(folder: string): string {
  const names = existsSync(folder) ? readdirSync(folder) : [];
  return names.map((name) => readFileSync(join(folder, name), 'utf8')).join('\n');
}

function recordsIn(file: string): Record<string, unknown>[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines
    .filter((line) => line.startsWith('{'))
    .map((line) => z.record(z.string(), z.unknown()).parse(JSON.parse(line)));
}
