// The gateway beside a bare proxy, everything on this machine, as ratios in one run. `npm run bench [-- SECONDS]`. All that
// costs something is on: a virtual key with a budget and limits, the ledger, a tenth of the requests traced.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { quantile, runLoad } from './load.mjs';
import { cpuMs, processTree, residentMb } from './process-cost.mjs';

const seconds = Number(process.argv[2] ?? 8);
const masterKey = 'sk-bench-master-key';
const here = new URL('.', import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), 'signalbox-bench-'));
const started = [];

function start(args, options = {}) {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'], ...options });
  started.push(child);
  return child;
}

async function firstLine(child, matches = () => true) {
  for await (const line of createInterface({ input: child.stdout })) if (matches(line)) return line;
  throw new Error('a process ended before it was ready');
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}

async function startAll() {
  const upstream = start([join(here, 'mock-upstream.mjs')]);
  const upstreamUrl = `http://127.0.0.1:${await firstLine(upstream)}`;
  const bare = start([join(here, 'bare-proxy.mjs'), upstreamUrl]);
  const bareUrl = `http://127.0.0.1:${await firstLine(bare)}`;
  const config = join(folder, 'config.yaml');
  writeFileSync(
    config,
    [
      'model_list:',
      '  - model_name: mock',
      '    litellm_params:',
      '      model: openai/mock',
      `      api_base: ${upstreamUrl}/v1`,
      '      api_key: sk-upstream',
      '      input_cost_per_token: 0.000001',
      '      output_cost_per_token: 0.000002',
      'general_settings:',
      `  master_key: ${masterKey}`,
      '',
    ].join('\n'),
  );
  const port = await freePort();
  const suite = start(
    [
      join(here, '../../deploy/local/start.mjs'),
      '--config',
      config,
      '--port',
      String(port),
      '--host',
      '127.0.0.1',
      '--data-dir',
      join(folder, 'data'),
    ],
    {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: {
        ...process.env,
        OTEL_EXPORTER_OTLP_ENDPOINT: upstreamUrl,
        OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
        OTEL_TRACES_SAMPLER_ARG: '0.1',
      },
    },
  );
  await firstLine(suite, (line) => line.startsWith('Signalbox ready'));
  const suiteUrl = `http://127.0.0.1:${port}`;
  return {
    bare: { url: bareUrl, pid: bare.pid, key: 'none' },
    suite: { url: suiteUrl, pid: suite.pid, key: await makeKey(suiteUrl) },
  };
}

/** A key whose limits are never reached, but counted. */
async function makeKey(url) {
  const answer = await fetch(`${url}/key/generate`, {
    method: 'POST',
    headers: { authorization: `Bearer ${masterKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ max_budget: 100_000, rpm_limit: 10_000_000, tpm_limit: 10_000_000_000 }),
  });
  if (!answer.ok) throw new Error(`/key/generate: ${answer.status} ${await answer.text()}`);
  return (await answer.json()).key;
}

async function measure(target, load) {
  const pids = processTree(target.pid);
  const before = cpuMs(pids);
  const result = await runLoad({ url: target.url, key: target.key, ...load });
  return { ...result, cpuMicros: ((cpuMs(pids) - before) / result.requests) * 1000 };
}

function row(name, bare, suite, unit, digits = 0) {
  const ratio = suite / bare;
  process.stdout.write(
    `| ${name} | ${bare.toFixed(digits)} | ${suite.toFixed(digits)} | ${unit} | ${ratio.toFixed(2)} |\n`,
  );
}

async function run() {
  const { bare, suite } = await startAll();
  for (const target of [bare, suite])
    await runLoad({ url: target.url, key: target.key, clients: 8, seconds: 3, stream: false });
  process.stdout.write('| measure | bare proxy | signalbox | unit | ratio |\n| --- | --- | --- | --- | --- |\n');
  const whole = { clients: 32, seconds, stream: false };
  const [b32, s32] = [await measure(bare, whole), await measure(suite, whole)];
  row('throughput, 32 clients', b32.perSecond, s32.perSecond, 'requests/s');
  row('CPU per request, all processes', b32.cpuMicros, s32.cpuMicros, 'us');
  const one = { clients: 1, seconds, stream: false };
  const [b1, s1] = [await measure(bare, one), await measure(suite, one)];
  row('latency at 1 client, p50', quantile(b1.latencies, 0.5), quantile(s1.latencies, 0.5), 'ms', 2);
  row('latency at 1 client, p99', quantile(b1.latencies, 0.99), quantile(s1.latencies, 0.99), 'ms', 2);
  const first = { clients: 1, seconds, stream: true };
  const [bf, sf] = [await measure(bare, first), await measure(suite, first)];
  row('first token at 1 client, p50', quantile(bf.firstContent, 0.5), quantile(sf.firstContent, 0.5), 'ms', 2);
  row('first token at 1 client, p99', quantile(bf.firstContent, 0.99), quantile(sf.firstContent, 0.99), 'ms', 2);
  const streams = { clients: 16, seconds, stream: true };
  const [bs, ss] = [await measure(bare, streams), await measure(suite, streams)];
  row('streams of 64 chunks, 16 at a time', bs.perSecond, ss.perSecond, 'streams/s');
  row(
    'memory after the load, all processes',
    residentMb(processTree(bare.pid)),
    residentMb(processTree(suite.pid)),
    'MB',
  );
  const lost = ss.requests * 64 - ss.chunks;
  process.stdout.write(
    `\nfailed requests: ${b32.failed + b1.failed + bf.failed + bs.failed} bare, ${s32.failed + s1.failed + sf.failed + ss.failed} signalbox; chunks lost: ${lost}\n`,
  );
}

try {
  await run();
} finally {
  for (const child of started.toReversed()) child.kill('SIGTERM');
  await Promise.all(started.filter((child) => child.exitCode === null).map((child) => once(child, 'exit')));
  rmSync(folder, { recursive: true, force: true });
}
