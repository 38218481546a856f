/** Services that are killed in the middle of their work: no client hangs, no lie is told, and the books are right. */
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { oneOfThreeWithin, readUntil, slowAnswer, startHazardSuite, type HazardSuite } from './hazard-suite.js';

let hazard: HazardSuite;
beforeAll(async () => {
  hazard = await startHazardSuite();
});
beforeEach(() => hazard.ollama.script.forget());
afterAll(() => hazard?.stop());

const answersAgain = () =>
  expect.poll(async () => (await hazard.ask().catch(() => null))?.status, { timeout: 20_000 }).toBe(200);

test('a worker killed in the middle of a stream: an error in the stream within five seconds, and no [DONE]', async () => {
  await oneOfThreeWithin(5_000, async () => {
    hazard.ollama.script.next(slowAnswer(200, 50));
    const stream = await readUntil(await hazard.ask({ stream: true }), (text) => text.includes('w3'));
    const killedAt = performance.now();
    hazard.suite.kill('provider-ollama');
    const text = await stream.rest();
    const tookMs = performance.now() - killedAt;
    expect(text).toContain('"error"');
    expect(text).not.toContain('[DONE]');
    await answersAgain();
    return tookMs;
  });
});

test('a worker that is told to end (SIGTERM) lets its streams finish for as long as it may, says why it ends the rest, and bills them', async () => {
  const begun = Date.now();
  hazard.ollama.script.next(slowAnswer(40, 50), slowAnswer(600, 50));
  const short = await readUntil(await hazard.ask({ stream: true }), (text) => text.includes('w3'));
  const long = await readUntil(await hazard.ask({ stream: true }), (text) => text.includes('w3'));
  const old = hazard.suite.pid('provider-ollama') ?? 0;
  hazard.suite.kill('provider-ollama', 'SIGTERM');
  expect(await short.rest()).toContain('[DONE]');
  expect(await long.rest()).toContain('server_shutting_down');
  await hazard.suite.restarted('provider-ollama', old);
  const billed = async () => (await hazard.rowsSince(begun)).map((row) => row.completion_tokens).sort((a, b) => a - b);
  await expect.poll(async () => (await billed())[1] ?? 0, { timeout: 20_000 }).toBeGreaterThan(60);
  expect((await billed())[0]).toBe(40);
  await answersAgain();
});

test('a worker that is stopped (SIGSTOP) counts as dead, and is back when it goes on', async () => {
  hazard.ollama.script.next(slowAnswer(400, 50));
  const stream = await readUntil(await hazard.ask({ stream: true }), (text) => text.includes('w3'));
  const stoppedAt = performance.now();
  hazard.suite.kill('provider-ollama', 'SIGSTOP');
  const text = await stream.rest().finally(() => hazard.suite.kill('provider-ollama', 'SIGCONT'));
  expect(performance.now() - stoppedAt).toBeLessThan(6_000);
  expect(text).toContain('"error"');
  expect(text).not.toContain('[DONE]');
  await answersAgain();
});

test('the ingress killed in the middle of a stream: the worker lets go of the upstream, and what it sent is billed', async () => {
  await oneOfThreeWithin(7_000, async () => {
    const begun = Date.now();
    const seen = hazard.ollama.requests.length;
    hazard.ollama.script.next(slowAnswer(400, 50));
    const stream = await readUntil(await hazard.ask({ stream: true }), (text) => text.includes('w3'));
    const killedAt = performance.now();
    hazard.suite.kill('ingress');
    await expect(stream.rest()).rejects.toThrow();
    const upstream = await hazard.ollama.server.until(
      (one) => one.number >= seen && one.path === '/api/chat' && one.abortedAtMs !== null,
    );
    const billed = async () => (await hazard.rowsSince(begun))[0]?.completion_tokens ?? 0;
    await expect.poll(billed, { timeout: 60_000 }).toBeGreaterThan(2);
    await answersAgain();
    return (upstream.abortedAtMs ?? Infinity) - killedAt;
  });
});

test.each(['SIGKILL', 'SIGTERM'] as const)('the router ended by %s: requests wait for the next one', async (signal) => {
  await oneOfThreeWithin(10_000, async () => {
    hazard.suite.kill('router', signal);
    // Signals are not heard at once, and what came before is answered still.
    await wait(200);
    const startedAt = performance.now();
    const answer = await hazard.ask();
    await answer.text();
    const tookMs = performance.now() - startedAt;
    await answersAgain();
    // A machine that needs more than five seconds for the restart has said so clearly.
    if (answer.status !== 200) expect(answer.headers.get('retry-after')).not.toBeNull();
    return answer.status === 200 ? tookMs : Infinity;
  });
});

test('accounting killed again and again: one row for each answered request', async () => {
  const begun = Date.now();
  let answered = 0;
  for (let round = 0; round < 3; round += 1) {
    const old = hazard.suite.pid('accounting') ?? 0;
    const answers = Array.from({ length: 8 }, () => hazard.ask());
    hazard.suite.kill('accounting');
    for (const answer of await Promise.all(answers)) answered += answer.status === 200 ? 1 : 0;
    await hazard.suite.restarted('accounting', old);
    await expect.poll(() => hazard.isReady('accounting'), { timeout: 20_000 }).toBe(true);
  }
  expect(answered).toBe(24);
  const added = () => hazard.rowsSince(begun);
  // What a killed consumer held is delivered again after half a minute.
  await expect.poll(async () => (await added()).length, { timeout: 70_000 }).toBe(answered);
  expect(new Set((await added()).map((row) => row.attempt_id)).size).toBe(answered);
});
