import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readSession, sessionKeyOf, writeSession } from './session-token.js';

const key = sessionKeyOf('a pepper of some length', 'sk-master');
const session = { id: 'c2Vzc2lvbg', expiresAtMs: 1_800_000_000_000 };

describe('a session', () => {
  it('is read back until it is over', () => {
    const token = writeSession(key, session);
    expect(readSession(key, token, session.expiresAtMs - 1)).toEqual(session);
    expect(readSession(key, token, session.expiresAtMs)).toBeNull();
  });

  it.each([
    ['another pepper', sessionKeyOf('a pepper of other length', 'sk-master')],
    ['another master key', sessionKeyOf('a pepper of some length', 'sk-other')],
  ])('is worth nothing with %s', (_what, other) => {
    expect(readSession(other, writeSession(key, session), 0)).toBeNull();
  });

  it('survives no change of a single character', () => {
    const token = writeSession(key, session);
    fc.assert(
      fc.property(
        fc.nat(token.length - 1),
        fc.constantFrom('a', 'z', 'A', 'Z', '0', '9', '.', '_', '-'),
        (at, character) => {
          const changed = token.slice(0, at) + character + token.slice(at + 1);
          const read = readSession(key, changed, 0);
          // The last character of base64url holds spare bits; the text is compared, so even those count.
          expect(read === null || changed === token).toBe(true);
        },
      ),
    );
  });

  it('is never read from other text', () => {
    fc.assert(fc.property(fc.string(), (text) => readSession(key, text, 0) === null));
  });
});
