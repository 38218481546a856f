/** NATS away at run time: clear answers, recovery by itself, nothing lost. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { oneOfThreeWithin, readUntil, slowAnswer, startHazardSuite, type HazardSuite } from './hazard-suite.js';

let hazard: HazardSuite;
beforeAll(async () => {
  hazard = await startHazardSuite();
});
beforeEach(() => hazard.ollama.script.forget());
afterAll(() => hazard?.stop());

const answersAgain = () =>
  expect.poll(async () => (await hazard.ask().catch(() => null))?.status, { timeout: 30_000 }).toBe(200);

const services = ['ingress', 'router', 'accounting', 'health', 'provider-ollama', 'provider-cloud'] as const;

test('NATS killed in the middle of a stream: the stream ends with an error, all services are back within fifteen seconds', async () => {
  await oneOfThreeWithin(15_000, async () => {
    hazard.ollama.script.next(slowAnswer(400, 50));
    const stream = await readUntil(await hazard.ask({ stream: true }), (text) => text.includes('w3'));
    const old = hazard.suite.pid('nats') ?? 0;
    const killedAt = performance.now();
    hazard.suite.kill('nats');
    const text = await stream.rest();
    expect(text).toContain('"error"');
    expect(text).not.toContain('[DONE]');
    await hazard.suite.restarted('nats', old);
    for (const service of services) {
      await expect.poll(() => hazard.isReady(service), { timeout: 30_000 }).toBe(true);
    }
    const tookMs = performance.now() - killedAt;
    await answersAgain();
    return tookMs;
  });
});

test('NATS killed between requests: every answered request is one row', async () => {
  const begun = Date.now();
  const answered: string[] = [];
  const note = (answer: Response) => {
    if (answer.status === 200) answered.push(answer.headers.get('x-request-id') ?? '');
    return answer.status;
  };
  for (let round = 0; round < 3; round += 1) {
    for (const answer of await Promise.all(Array.from({ length: 5 }, () => hazard.ask()))) note(answer);
    const old = hazard.suite.pid('nats') ?? 0;
    hazard.suite.kill('nats');
    await hazard.suite.restarted('nats', old);
    await expect.poll(() => hazard.ask().then(note, () => null), { timeout: 30_000 }).toBe(200);
  }
  const counts = async () => {
    const rows = Map.groupBy(await hazard.rowsSince(begun), (row) => row.request_id);
    return answered.map((id) => rows.get(id)?.filter((row) => row.status === 'success').length ?? 0);
  };
  expect(answered.length).toBeGreaterThanOrEqual(8);
  await expect.poll(counts, { timeout: 60_000 }).toEqual(answered.map(() => 1));
});

test('NATS stopped (SIGSTOP): requests fail instead of hanging, readiness says so, and all is well when it goes on', async () => {
  await oneOfThreeWithin(10_000, async () => {
    hazard.suite.kill('nats', 'SIGSTOP');
    try {
      const startedAt = performance.now();
      const answer = await hazard.ask({ signal: AbortSignal.timeout(60_000) });
      expect(answer.status).toBe(503);
      expect(await answer.json()).toMatchObject({ error: { message: expect.any(String) } });
      return performance.now() - startedAt;
    } finally {
      hazard.suite.kill('nats', 'SIGCONT');
      await answersAgain();
    }
  });
});
