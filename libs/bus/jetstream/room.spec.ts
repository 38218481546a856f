import { expect, it } from 'vitest';
import { keptFrom } from './room.js';

const full = { bytes: 90, maxBytes: 100, first: 11, last: 20, acknowledged: 20 };

it.each([
  ['half of what was consumed goes', full, 16],
  ['as far as it was consumed', { ...full, acknowledged: 12 }, 13],
  ['nothing that was not consumed', { ...full, acknowledged: 10 }, null],
  ['nothing while there is room', { ...full, bytes: 79 }, null],
  ['nothing of a stream without a bound', { ...full, maxBytes: -1 }, null],
  ['a single message too', { ...full, first: 20 }, 21],
])('%s', (_what, room, kept) => {
  expect(keptFrom(room)).toBe(kept);
});
