import { expect, it } from 'vitest';
import { overheadOf } from './overhead.js';

const steps = { auth: 1, route: 2, limits: 3 };
const cloud = { startedMs: 110, firstContentMs: 315, queuedMs: 0, workerMs: 200 };

it('tells apart what each stage takes', () => {
  expect([...overheadOf({ steps, startedMs: 100, attempts: [cloud] })]).toEqual([
    ['auth', 0.001],
    ['route', 0.002],
    ['limits', 0.003],
    ['other', 0.004],
    ['bus', 0.005],
  ]);
});

it('waiting for a host is not the way there', () => {
  const queued = { ...cloud, firstContentMs: 5_315, queuedMs: 5_000 };
  expect(overheadOf({ steps, startedMs: 100, attempts: [queued] }).get('bus')).toBe(0.005);
});

it.each([
  ['the worker never said how long it took', [{ ...cloud, workerMs: null }]],
  ['nothing came', [{ ...cloud, firstContentMs: null }]],
  ['nothing was tried', []],
])('does not know the bus where %s', (_why, attempts) => {
  expect(overheadOf({ steps, startedMs: 100, attempts }).has('bus')).toBe(false);
});

it('is never negative, though clocks of two processes are involved', () => {
  const facts = { steps, startedMs: 109, attempts: [{ ...cloud, workerMs: 300 }] };
  for (const seconds of overheadOf(facts).values()) expect(seconds).toBeGreaterThanOrEqual(0);
});
