import { expect, test } from 'vitest';
import { FakeClock, seededRandom } from './clock.js';

test('a fake clock runs what is due, in order, and what that starts', () => {
  const clock = new FakeClock(0);
  const seen: string[] = [];
  clock.after(20, () => seen.push(`b at ${clock.nowMs()}`));
  clock.after(10, () => {
    seen.push(`a at ${clock.nowMs()}`);
    clock.after(5, () => seen.push(`c at ${clock.nowMs()}`));
  });
  const cancel = clock.after(12, () => seen.push('never'));
  cancel();
  clock.advance(30);
  expect(seen).toEqual(['a at 10', 'c at 15', 'b at 20']);
  expect(clock.nowMs()).toBe(30);
});

test('seeded chance repeats itself and stays in [0, 1)', () => {
  const one = seededRandom(7);
  const two = seededRandom(7);
  const numbers = Array.from({ length: 1_000 }, one);
  expect(numbers).toEqual(Array.from({ length: 1_000 }, two));
  expect(Math.min(...numbers)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...numbers)).toBeLessThan(1);
  expect(numbers.reduce((sum, value) => sum + value, 0) / 1_000).toBeCloseTo(0.5, 1);
});
