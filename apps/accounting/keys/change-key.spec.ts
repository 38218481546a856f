import { describe, expect, it } from 'vitest';
import { changeKey } from './change-key.js';

describe('changeKey', () => {
  it.each([
    ['key', 'k-1', 'changed.k-1'],
    ['team', 'lab', 'changed.team.lab'],
    ['user', 'ada@example.org', 'changed.user.x-616461406578616d706c652e6f7267'],
    ['team', 'x-6c', 'changed.team.x-782d3663'],
  ] as const)('%s %s', (kind, id, expected) => expect(changeKey(kind, id)).toBe(expected));
});
