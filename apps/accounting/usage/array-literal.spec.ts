import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { arrayLiteral } from './array-literal.js';

describe('arrayLiteral', () => {
  test.each<[readonly unknown[], string]>([
    [[], '{}'],
    [[1, -2.5, null], '{1,-2.5,NULL}'],
    [[true, false], '{t,f}'],
    [['a', 'NULL', '', 'x,{y}'], '{"a","NULL","","x,{y}"}'],
    [['say "no"', 'C:\\new'], '{"say \\"no\\"","C:\\\\new"}'],
    [[new Date('2026-11-20T10:00:00Z'), null], '{"2026-11-20T10:00:00.000Z",NULL}'],
  ])('%j', (values, expected) => {
    expect(arrayLiteral(values)).toBe(expected);
  });

  it('keeps every text apart and whole', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme' })), (values) => {
        // What is between the outer braces is a list of JSON-like strings without JSON's other escapes.
        const body = arrayLiteral(values).slice(1, -1);
        const found = [...body.matchAll(/"((?:[^"\\]|\\["\\])*)"(?:,|$)/g)].map((match) => match[1] ?? '');
        expect(found.map((text) => text.replaceAll(/\\(["\\])/g, '$1'))).toEqual(values);
      }),
    );
  });

  it('takes nothing that is no plain value', () => {
    expect(() => arrayLiteral([{}])).toThrow(TypeError);
    expect(() => arrayLiteral([undefined])).toThrow(TypeError);
  });
});
