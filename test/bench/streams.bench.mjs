// Many slow streams at once, beside a bare proxy: `npm run bench -- streams [STREAMS]`. Each has 64 chunks, 20 a second.
import { Pool } from 'undici';
import { quantile } from './load.mjs';
import { startPair } from './pair-under-test.mjs';
import { residentMb } from './process-cost.mjs';

const streams = Number(process.argv[2] ?? 500);
const gapMs = 50;
const chunksEach = 64;

/** Opens all streams at once; the gaps between the arrivals of their chunks, sorted, and how many chunks and streams were whole. */
async function readStreams({ url, key }, onHalf = () => {}) {
  const pool = new Pool(url, { connections: streams, pipelining: 1, headersTimeout: 60_000 });
  const gaps = [];
  let chunks = 0;
  let whole = 0;
  const read = async () => {
    const response = await pool.request({
      method: 'POST',
      path: '/v1/chat/completions',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
      body: JSON.stringify({ model: 'mock', stream: true, messages: [{ role: 'user', content: 'Count the gulls.' }] }),
    });
    let last = null;
    let text = '';
    for await (const part of response.body) {
      const now = performance.now();
      const piece = part.toString();
      text += piece;
      if (!piece.includes('"content":"word')) continue;
      if (last !== null) gaps.push(now - last);
      last = now;
    }
    chunks += text.split('"content":"word').length - 1;
    if (text.includes('[DONE]')) whole += 1;
    else process.stderr.write(`not finished: ${response.statusCode} ${text.slice(-300)}\n`);
  };
  const half = setTimeout(onHalf, (chunksEach * gapMs) / 2);
  await Promise.all(Array.from({ length: streams }, read));
  clearTimeout(half);
  await pool.close();
  return { gaps: gaps.sort((a, b) => a - b), chunks, whole };
}

const pair = await startPair({ gapMs });
try {
  await readStreams(pair.suite);
  let ingressMb = Number.NaN;
  const bare = await readStreams(pair.bare);
  const suite = await readStreams(pair.suite, () => (ingressMb = residentMb([pair.pidOf('ingress')])));
  process.stdout.write(
    `| ${streams} streams of ${chunksEach} chunks | bare proxy | signalbox |\n| --- | --- | --- |\n`,
  );
  const row = (name, of) => process.stdout.write(`| ${name} | ${of(bare)} | ${of(suite)} |\n`);
  row('finished', ({ whole }) => whole);
  row('chunks lost', ({ chunks }) => streams * chunksEach - chunks);
  row('gap between chunks, p50, ms', ({ gaps }) => quantile(gaps, 0.5).toFixed(1));
  row('gap between chunks, p99, ms', ({ gaps }) => quantile(gaps, 0.99).toFixed(1));
  process.stdout.write(`\nmemory of the ingress meanwhile: ${ingressMb.toFixed(0)} MB\n`);
} finally {
  await pair.stop();
}
