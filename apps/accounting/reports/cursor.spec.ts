import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readCursor, writeCursor } from './cursor.js';

describe('a cursor', () => {
  it('comes back as it was', () => {
    const times = fc.date({ noInvalidDate: true, min: new Date('1990-01-01'), max: new Date('2100-01-01') });
    const attemptIds = fc.string({ minLength: 1, unit: 'grapheme' }).filter((id) => !id.includes('\u0000'));
    fc.assert(
      fc.property(times, attemptIds, (startedAt, attemptId) => {
        expect(readCursor(writeCursor({ startedAt, attemptId }))).toEqual({ startedAt, attemptId });
      }),
    );
  });

  it.each([
    '',
    'x',
    'bm8gdGltZQ',
    writeCursor({ startedAt: new Date(0), attemptId: '' }),
    writeCursor({ startedAt: new Date(0), attemptId: 'a\u0000' }),
    writeCursor({ startedAt: new Date(-1), attemptId: 'a' }),
  ])('refuses %j', (text) => {
    expect(() => readCursor(text)).toThrow(expect.objectContaining({ code: 'invalid_request' }));
  });
});
