/** NATS away at run time: clear answers, recovery by itself, nothing lost. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readUntil, slowAnswer, startHazardSuite, type HazardSuite } from './hazard-suite.js';

let hazard: HazardSuite;
beforeAll(async () => {
  hazard = await startHazardSuite();
});
afterAll(() => hazard?.stop());

const answersAgain = () =>
  expect.poll(async () => (await hazard.ask().catch(() => null))?.status, { timeout: 30_000 }).toBe(200);

test('NATS killed in the middle of a stream: the stream ends with an error, all services are back within ten seconds', async () => {
  hazard.ollama.script.next(slowAnswer(400, 50));
  const stream = await readUntil(await hazard.ask({ stream: true }), (text) => text.includes('w3'));
  const old = hazard.suite.pid('nats') ?? 0;
  const killedAt = performance.now();
  hazard.suite.kill('nats');
  const text = await stream.rest();
  expect(text).toContain('"error"');
  expect(text).not.toContain('[DONE]');
  await hazard.suite.restarted('nats', old);
  for (const service of ['ingress', 'router', 'accounting', 'health', 'provider-ollama', 'provider-cloud'] as const) {
    await expect.poll(() => hazard.isReady(service), { timeout: 10_000 }).toBe(true);
  }
  expect(performance.now() - killedAt).toBeLessThan(15_000);
  await answersAgain();
});

test('NATS killed between requests: every answered request is one row', async () => {
  const begun = Date.now();
  let answered = 0;
  for (let round = 0; round < 3; round += 1) {
    for (const answer of await Promise.all(Array.from({ length: 5 }, () => hazard.ask()))) {
      answered += answer.status === 200 ? 1 : 0;
    }
    const old = hazard.suite.pid('nats') ?? 0;
    hazard.suite.kill('nats');
    await hazard.suite.restarted('nats', old);
    await answersAgain();
    answered += 1;
  }
  const added = async () => (await hazard.rowsSince(begun)).filter((row) => row.status === 'success');
  await expect.poll(async () => (await added()).length, { timeout: 30_000 }).toBe(answered);
});

test('NATS stopped (SIGSTOP): requests fail instead of hanging, readiness says so, and all is well when it goes on', async () => {
  hazard.suite.kill('nats', 'SIGSTOP');
  try {
    const startedAt = performance.now();
    const answer = await hazard.ask({ signal: AbortSignal.timeout(30_000) });
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({ error: { message: expect.any(String) } });
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  } finally {
    hazard.suite.kill('nats', 'SIGCONT');
  }
  await answersAgain();
});
