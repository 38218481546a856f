/** NATS or PostgreSQL away at run time: clear answers, readiness 503, recovery by itself, nothing lost. */
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
  const before = new Set((await hazard.rows()).map((row) => row.attempt_id));
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
  const added = async () =>
    (await hazard.rows()).filter((row) => !before.has(row.attempt_id) && row.status === 'success');
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

test('PostgreSQL away: requests are answered all the same, accounting says that it is not ready, and the rows come later', async () => {
  const before = new Set((await hazard.rows()).map((row) => row.attempt_id));
  const old = hazard.suite.pid('postgres') ?? 0;
  hazard.suite.kill('postgres', 'SIGSTOP');
  const answers = await Promise.all(Array.from({ length: 5 }, () => hazard.ask()));
  expect(answers.map((answer) => answer.status)).toEqual([200, 200, 200, 200, 200]);
  await expect.poll(() => hazard.isReady('accounting'), { timeout: 30_000 }).toBe(false);
  hazard.suite.kill('postgres', 'SIGKILL');
  await hazard.suite.restarted('postgres', old);
  await expect.poll(() => hazard.isReady('accounting'), { timeout: 30_000 }).toBe(true);
  const added = async () => (await hazard.rows()).filter((row) => !before.has(row.attempt_id));
  await expect.poll(async () => (await added()).length, { timeout: 30_000 }).toBe(5);
});
