/** What `npm start` promises an operator: ready means ready, what dies comes back, and nothing is left behind. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  OllamaUpstream,
  repositoryRoot,
  spawnLauncher,
  startSuite,
  suiteProcesses,
  type Suite,
  type SuiteProcess,
} from '#testing';

const services = suiteProcesses.filter((name) => name !== 'nats' && name !== 'postgres');

/** Pids of live processes that have to do with a data directory. */
function processesOf(dataDir: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && name !== String(process.pid))
    .filter((pid) => {
      const file = (name: string) => {
        try {
          return readFileSync(join('/proc', pid, name), 'latin1');
        } catch {
          return '';
        }
      };
      const isDead = /^State:\s+[ZX]/m.test(file('status'));
      return !isDead && (file('cmdline').includes(dataDir) || file('environ').includes(dataDir));
    })
    .map(Number);
}

/** Runs the launcher to its end. */
async function launched(args: readonly string[], env: Record<string, string> = {}) {
  const launcher = spawnLauncher(args, env);
  let out = '';
  let err = '';
  launcher.stdout?.on('data', (chunk: Buffer) => (out += chunk.toString('utf8')));
  launcher.stderr?.on('data', (chunk: Buffer) => (err += chunk.toString('utf8')));
  const [code] = await once(launcher, 'close');
  return { code: Number(code), out, err };
}

const chat = (suite: Suite, more: object = {}) =>
  suite.fetch('/v1/chat/completions', {
    method: 'POST',
    body: { model: 'llama3.2', messages: [{ role: 'user', content: 'hi' }], ...more },
  });

describe('a running suite', () => {
  let ollama: OllamaUpstream;
  let suite: Suite;

  beforeAll(async () => {
    ollama = await OllamaUpstream.start();
    suite = await startSuite({ env: { OLLAMA_HOST: ollama.url, OPENAI_API_KEY: 'sk-secret-of-the-cloud' } });
  });
  afterAll(async () => {
    await suite.stop();
    await ollama.stop();
  });

  test('runs each of its eight processes under its own pid', () => {
    const pids = suiteProcesses.map((name) => suite.pid(name));
    expect(new Set(pids).size).toBe(suiteProcesses.length);
    for (const pid of pids) expect(() => process.kill(pid ?? 0, 0)).not.toThrow();
  });

  test.each(services)('%s answers on its management port', async (name) => {
    const base = `http://127.0.0.1:${suite.managementPort(name)}`;
    for (const path of ['/livez', '/readyz', '/metrics']) expect((await fetch(`${base}${path}`)).status).toBe(200);
  });

  test('gives each service the secrets it needs and no others', () => {
    const environOf = (name: SuiteProcess) => readFileSync(`/proc/${suite.pid(name)}/environ`, 'latin1').split('\0');
    const holders = (pattern: RegExp) => services.filter((name) => environOf(name).some((line) => pattern.test(line)));
    expect(holders(/^SIGNALBOX_KEY_PEPPER=/).toSorted()).toEqual(['accounting', 'ingress']);
    expect(holders(/^DATABASE_URL=/)).toEqual(['accounting']);
    expect(holders(/sk-secret-of-the-cloud/).toSorted()).toEqual(['provider-cloud', 'provider-ollama']);
    expect(holders(/^LITELLM_MASTER_KEY=sk-master/).toSorted()).toEqual(['accounting', 'ingress']);
    const secrets = join(suite.dataDir, 'secrets');
    for (const name of readdirSync(secrets)) expect(statSync(join(secrets, name)).mode & 0o077).toBe(0);
  });

  test('answers a client', async () => {
    const answer = await chat(suite);
    expect(answer.status, await answer.clone().text()).toBe(200);
  });

  test.each(suiteProcesses)('%s killed with -9 comes back, and the suite answers again', async (name) => {
    const old = suite.pid(name) ?? 0;
    suite.kill(name, 'SIGKILL');
    await suite.restarted(name, old);
    const isReady = async (service: SuiteProcess) =>
      (await fetch(`http://127.0.0.1:${suite.managementPort(service)}/readyz`).catch(() => null))?.status;
    for (const service of services) await expect.poll(() => isReady(service), { timeout: 20_000 }).toBe(200);
    await expect.poll(async () => (await chat(suite).catch(() => null))?.status, { timeout: 20_000 }).toBe(200);
  });

  test('does not share its data directory', async () => {
    const { code, out, err } = await launched(['--port', '0', '--data-dir', suite.dataDir]);
    expect(code).toBe(1);
    expect(out).toBe('');
    expect(err).toMatch(/^signalbox: error: another Signalbox \(process \d+\) uses the data directory .*\n$/);
  });
});

describe('what cannot start says why', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'signalbox-e2e-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const dataDir = () => join(folder, 'data');
  const isClean = () => expect(processesOf(dataDir())).toEqual([]);

  test('a bad config: every problem with its place, exit code 1, nothing started', async () => {
    const config = join(folder, 'bad.yaml');
    writeFileSync(
      config,
      'model_list:\n  - model_name: a\n    litellm_params:\n      rpm: -5\n  - litellm_params: 7\n',
    );
    const { code, out, err } = await launched(['--port', '0', '--data-dir', dataDir(), '--config', config]);
    expect(code).toBe(1);
    expect(out).toBe('');
    expect(err).toContain('model_list[0].litellm_params.rpm');
    expect(err).toContain('model_list[0].litellm_params.model');
    expect(err).toContain('model_list[1]');
    expect(err).toContain('bad.yaml:4');
    isClean();
  });

  test('a taken port', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const address = holder.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const { code, err } = await launched(['--port', String(port), '--host', '127.0.0.1', '--data-dir', dataDir()]);
    holder.close();
    expect(code).toBe(1);
    expect(err).toContain(`port ${port} on 127.0.0.1 is taken`);
    isClean();
  });

  test.each([
    [['--prot', '4000'], 2, 'unknown argument --prot'],
    [['--config', '/no/such.yaml'], 1, '/no/such.yaml does not exist'],
    [['--data-dir', '/proc/nothing'], 1, 'cannot be written'],
  ])('%j', async (args, wanted, message) => {
    const { code, out, err } = await launched(['--data-dir', dataDir(), ...args]);
    expect({ code, out }).toEqual({ code: wanted, out: '' });
    expect(err).toContain(message);
    expect(err.trim().split('\n')).toHaveLength(1);
  });

  test('an open gateway for everybody', async () => {
    const { code, err } = await launched(['--port', '0', '--host', '0.0.0.0', '--data-dir', dataDir()]);
    expect(code).toBe(1);
    expect(err).toContain('SIGNALBOX_ALLOW_ANONYMOUS=1');
    isClean();
  });
});

describe('how it ends', () => {
  let folder: string;
  let ollama: OllamaUpstream;
  const running: Suite[] = [];
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'signalbox-e2e-'));
    ollama = await OllamaUpstream.start();
  });
  afterEach(async () => {
    for (const suite of running.splice(0)) await suite.stop();
  });
  afterAll(async () => {
    await ollama.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const start = async () => {
    const suite = await startSuite({ dataDir: join(folder, 'data'), env: { OLLAMA_HOST: ollama.url } });
    running.push(suite);
    return suite;
  };
  /** A stream whose first words have come. */
  const openStream = async (suite: Suite, pieces: number, pieceDelayMs: number) => {
    await expect.poll(async () => (await chat(suite)).status, { timeout: 15_000 }).toBe(200);
    ollama.script.next({ text: Array.from({ length: pieces }, (_none, n) => `w${n} `), pieceDelayMs });
    const answer = await chat(suite, { stream: true });
    expect(answer.status).toBe(200);
    return answer;
  };

  test('the launcher killed with -9 leaves nothing, and the next start takes less than ten seconds', async () => {
    const first = await start();
    first.kill('health', 'SIGSTOP');
    first.launcher.kill('SIGKILL');
    await expect.poll(() => processesOf(first.dataDir), { timeout: 10_000 }).toEqual([]);
    const before = performance.now();
    const second = await start();
    // Ten seconds of a machine that has nothing else to do; tests run beside each other.
    expect(performance.now() - before).toBeLessThan(10_000 * Math.max(1, (loadavg()[0] ?? 0) / availableParallelism()));
    expect(second.logs()).not.toMatch(/installing|building|fetching/);
    expect(await second.stop()).toBe(0);
    expect(processesOf(second.dataDir)).toEqual([]);
    expect(readdirSync(join(second.dataDir, 'run')).filter((name) => name.endsWith('.pid'))).toEqual([]);
  });

  test('SIGTERM lets a running stream finish and refuses new requests', async () => {
    const suite = await start();
    const answer = await openStream(suite, 20, 60);
    const exited = once(suite.launcher, 'exit');
    suite.launcher.kill('SIGTERM');
    const text = await answer.text();
    expect(text).toContain('w19');
    expect(text.trim().endsWith('data: [DONE]')).toBe(true);
    await expect(chat(suite)).rejects.toThrow();
    expect(await exited).toEqual([0, null]);
    expect(processesOf(suite.dataDir)).toEqual([]);
  });

  test.each(['SIGTERM', 'SIGKILL'] as const)('%s to npm itself, which started it, leaves nothing', async (signal) => {
    const dataDir = join(folder, 'data');
    const npm = spawn('npm', ['start', '--', '--port', '0', '--data-dir', dataDir], {
      cwd: repositoryRoot(),
      env: { ...process.env, OLLAMA_HOST: ollama.url, SIGNALBOX_DRAIN_SECONDS: '5' },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const exited = once(npm, 'exit');
    for await (const line of createInterface({ input: npm.stdout })) if (line.startsWith('Signalbox ready on')) break;
    expect(processesOf(dataDir).length).toBeGreaterThan(8);
    npm.kill(signal);
    const [code] = await exited;
    expect(code).toBe(signal === 'SIGTERM' ? 0 : null);
    await expect.poll(() => processesOf(dataDir), { timeout: 20_000 }).toEqual([]);
  });

  test('a second signal does not wait for streams', async () => {
    const suite = await start();
    const answer = await openStream(suite, 500, 100);
    const exited = once(suite.launcher, 'exit');
    suite.launcher.kill('SIGTERM');
    await expect.poll(() => suite.logs()).toContain('SIGTERM: stopping');
    // Two signals within a moment are the Ctrl-C that npm repeats, so the second one comes as often as it takes.
    const logsAfterSignal = () => {
      suite.launcher.kill('SIGTERM');
      return suite.logs();
    };
    await expect.poll(logsAfterSignal).toContain('stopping at once');
    await expect(answer.text()).rejects.toThrow();
    expect(await exited).toEqual([0, null]);
    expect(processesOf(suite.dataDir)).toEqual([]);
  });
});
