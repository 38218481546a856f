/** A client that goes away stops the upstream within a second, and what was generated is in the books. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { oneOfThreeWithin, readUntil, slowAnswer, startHazardSuite, type HazardSuite } from './hazard-suite.js';

let hazard: HazardSuite;
beforeAll(async () => {
  hazard = await startHazardSuite();
});
beforeEach(() => hazard.ollama.script.forget());
afterAll(() => hazard?.stop());

test.each([true, false])('while it is answered (stream: %s)', async (stream) => {
  await oneOfThreeWithin(1_000, async () => {
    const begun = Date.now();
    hazard.ollama.script.next(slowAnswer(200, 50));
    const seen = hazard.ollama.requests.length;
    const client = new AbortController();
    const asked = hazard.ask({ stream, signal: client.signal });
    const upstream = await hazard.ollama.server.until((one) => one.number >= seen && one.path === '/api/chat');
    if (stream) await readUntil(await asked, (text) => text.includes('w3'));
    else await expect.poll(() => upstream.generated?.outputTokens ?? 0).toBeGreaterThan(3);
    const goneAt = performance.now();
    client.abort();
    await asked.catch(() => undefined);
    const stopped = await hazard.ollama.server.until((one) => one === upstream && one.abortedAtMs !== null);
    const row = async () => (await hazard.rowsSince(begun))[0];
    await expect.poll(row, { timeout: 30_000 }).toBeDefined();
    const tokens = (await row())?.completion_tokens ?? 0;
    expect(tokens).toBeGreaterThan(2);
    expect(tokens).toBeLessThanOrEqual((stopped.generated?.outputTokens ?? 0) + 1);
    return (stopped.abortedAtMs ?? Infinity) - goneAt;
  });
});

test('while it waits in the queue: the upstream never hears of it', async () => {
  hazard.ollama.script.next(...Array.from({ length: 4 }, () => ({ instead: 'hang' as const })));
  const before = hazard.ollama.server.to('/api/chat').length;
  const busy = new AbortController();
  const others = Array.from({ length: 4 }, () => hazard.ask({ signal: busy.signal }).catch(() => 'gone'));
  await expect.poll(() => hazard.ollama.server.to('/api/chat').length, { timeout: 30_000 }).toBe(before + 4);
  const client = new AbortController();
  const waiting = await hazard.ask({ stream: true, signal: client.signal });
  const { reader } = await readUntil(waiting, (text) => text.includes(': queued position='));
  client.abort();
  await expect(reader.read()).rejects.toThrow();
  busy.abort();
  expect(await Promise.all(others)).toEqual(['gone', 'gone', 'gone', 'gone']);
  // The host is free again, and the next in line is one who asks now.
  await expect.poll(async () => (await hazard.ask()).status, { timeout: 30_000 }).toBe(200);
  expect(hazard.ollama.server.to('/api/chat')).toHaveLength(before + 5);
});
