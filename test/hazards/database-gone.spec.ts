/** PostgreSQL away at run time, here one of the operator's own: requests are answered all the same, and the books catch up. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startPostgres, TcpProxy, type TestDatabase } from '#testing';
import { oneOfThreeWithin, startHazardSuite, type HazardSuite } from './hazard-suite.js';

let database: TestDatabase;
let proxy: TcpProxy;
let hazard: HazardSuite;
beforeAll(async () => {
  database = await startPostgres();
  proxy = await TcpProxy.start(database.url);
  hazard = await startHazardSuite({ env: { DATABASE_URL: proxy.through(database.url) } });
});
afterAll(async () => {
  await hazard?.stop();
  await proxy?.stop();
  await database?.stop();
});

test('with DATABASE_URL no database is started', () => {
  expect(hazard.suite.pid('postgres')).toBeUndefined();
  expect(hazard.suite.pid('accounting')).toBeDefined();
});

test.each([
  ['does not answer any more', () => proxy.set('down', { hang: true })],
  ['refuses connections', () => proxy.reset({ refuse: true })],
])('a database that %s', async (_what, breakIt) => {
  const begun = Date.now();
  breakIt();
  const answers = await Promise.all(Array.from({ length: 5 }, () => hazard.ask()));
  expect(answers.map((answer) => answer.status)).toEqual([200, 200, 200, 200, 200]);
  await expect.poll(() => hazard.isReady('accounting'), { timeout: 30_000 }).toBe(false);
  expect(await hazard.isReady('ingress')).toBe(true);
  await oneOfThreeWithin(10_000, async () => {
    const startedAt = performance.now();
    const refused = await hazard.suite.fetch('/spend/logs');
    expect(refused.status).toBe(503);
    return performance.now() - startedAt;
  });
  proxy.heal();
  await expect.poll(() => hazard.isReady('accounting'), { timeout: 30_000 }).toBe(true);
  const added = () => hazard.rowsSince(begun);
  await expect.poll(async () => (await added()).length, { timeout: 60_000 }).toBe(5);
});
