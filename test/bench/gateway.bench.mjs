// The gateway beside a bare proxy, everything on this machine, as ratios in one run. `npm run bench [-- SECONDS]`.
import { quantile, runLoad } from './load.mjs';
import { startPair } from './pair-under-test.mjs';
import { cpuMs, processTree, residentMb } from './process-cost.mjs';

const seconds = Number(process.argv[2] ?? 8);

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

async function run({ bare, suite }) {
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

const pair = await startPair();
try {
  await run(pair);
} finally {
  await pair.stop();
}
