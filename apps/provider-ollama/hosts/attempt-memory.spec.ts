import { expect, it } from 'vitest';
import { AttemptMemory } from './attempt-memory.js';

it('takes an attempt once in ten minutes', () => {
  const memory = new AttemptMemory();
  expect(memory.take('a', 0)).toBe(true);
  expect(memory.take('a', 599_999)).toBe(false);
  expect(memory.take('a', 600_000)).toBe(true);
});

it('does not grow without bound', () => {
  const memory = new AttemptMemory();
  for (let i = 0; i < 25_000; i += 1) memory.take(`a${i}`, i / 1_000);
  expect(memory.take('a24999', 25)).toBe(false);
  expect(memory.take('a0', 25)).toBe(true);
});
