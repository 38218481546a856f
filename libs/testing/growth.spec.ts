import { expect, it } from 'vitest';
import { growthOf, worseThanLinear } from './growth.js';

/** Steps that cannot be left out. */
function spend(steps: number): number {
  let sum = 0;
  for (let i = 0; i < steps; i += 1) sum = (sum * 31 + i) % 1_000_003;
  return sum;
}

it('tells linear work from quadratic', () => {
  expect(growthOf((size) => void spend(1_000 * size), 500)).toBeLessThan(worseThanLinear);
  expect(growthOf((size) => void spend(size * size), 200)).toBeGreaterThan(worseThanLinear);
});
