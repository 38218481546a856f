import { setImmediate } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { collectBootGarbage } from './boot-memory.js';

it('leaves nothing of what nobody holds', async () => {
  const made = new WeakRef({ big: 'x'.repeat(1_000_000) });
  // What was looked at in this turn is held to its end.
  await setImmediate();
  collectBootGarbage();
  expect(made.deref()).toBeUndefined();
});
