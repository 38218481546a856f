// The suite and a bare proxy before one upstream, for benchmarks that compare them. All that costs something is on: a virtual
// key with a budget and limits, the ledger, a tenth of the requests traced.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const masterKey = 'sk-bench-master-key';
const here = new URL('.', import.meta.url).pathname;

/** Starts all three; `gapMs` lies between the chunks of the upstream's streams. */
export async function startPair({ gapMs = 0 } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-bench-'));
  const started = [];
  const start = (args, options = {}) => {
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'], ...options });
    started.push(child);
    return child;
  };
  const stop = async () => {
    for (const child of started.toReversed()) child.kill('SIGTERM');
    await Promise.all(started.filter((child) => child.exitCode === null).map((child) => once(child, 'exit')));
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const upstream = start([join(here, 'mock-upstream.mjs'), String(gapMs)]);
    const upstreamUrl = `http://127.0.0.1:${await firstLine(upstream)}`;
    const bare = start([join(here, 'bare-proxy.mjs'), upstreamUrl]);
    const bareUrl = `http://127.0.0.1:${await firstLine(bare)}`;
    const suite = start(suiteArguments(folder, upstreamUrl), {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: {
        ...process.env,
        OTEL_EXPORTER_OTLP_ENDPOINT: upstreamUrl,
        OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
        OTEL_TRACES_SAMPLER_ARG: '0.1',
      },
    });
    const url = (await firstLine(suite, (line) => line.startsWith('Signalbox ready'))).split(' ').at(-1);
    return {
      bare: { url: bareUrl, pid: bare.pid, key: 'none' },
      suite: { url, pid: suite.pid, key: await makeKey(url) },
      pidOf: (service) => Number(readFileSync(join(folder, 'data', 'run', `${service}.pid`), 'utf8')),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function suiteArguments(folder, upstreamUrl) {
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
  const launcher = join(here, '../../deploy/local/start.mjs');
  return [launcher, '--config', config, '--port', '0', '--host', '127.0.0.1', '--data-dir', join(folder, 'data')];
}

async function firstLine(child, matches = () => true) {
  for await (const line of createInterface({ input: child.stdout })) if (matches(line)) return line;
  throw new Error('a process ended before it was ready');
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
