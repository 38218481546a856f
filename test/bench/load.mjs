// Closed-loop load: each client sends its next request when it has the whole of the last answer.
import { Pool } from 'undici';

const body = (stream) =>
  JSON.stringify({
    model: 'mock',
    stream,
    messages: [{ role: 'user', content: 'Write a line about lighthouses, please.' }],
  });

/** Runs `clients` for `seconds`; latencies and first-byte times in milliseconds, sorted. */
export async function runLoad({ url, clients, seconds, stream, key }) {
  const pool = new Pool(url, { connections: clients, pipelining: 1 });
  const latencies = [];
  const firstContent = [];
  let failed = 0;
  let chunks = 0;
  const until = performance.now() + seconds * 1000;
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${key}` };
  const client = async () => {
    while (performance.now() < until) {
      const startedAt = performance.now();
      const response = await pool.request({
        method: 'POST',
        path: '/v1/chat/completions',
        headers,
        body: body(stream),
      });
      let first = null;
      for await (const part of response.body) {
        if (stream) {
          const text = part.toString();
          if (first === null && text.includes('word0')) first = performance.now() - startedAt;
          chunks += text.split('"content":"word').length - 1;
        }
      }
      if (response.statusCode !== 200) failed += 1;
      latencies.push(performance.now() - startedAt);
      if (first !== null) firstContent.push(first);
    }
  };
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: clients }, client));
  const elapsed = (performance.now() - startedAt) / 1000;
  await pool.close();
  const sorted = (values) => values.sort((a, b) => a - b);
  return {
    requests: latencies.length,
    perSecond: latencies.length / elapsed,
    failed,
    chunks,
    latencies: sorted(latencies),
    firstContent: sorted(firstContent),
  };
}

/** The value below which `share` of the sorted values lie. */
export function quantile(sorted, share) {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
