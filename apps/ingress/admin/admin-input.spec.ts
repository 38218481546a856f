import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { GatewayError } from '#contracts';
import {
  flag,
  mustBeStorable,
  name,
  names,
  optionalWord,
  pageNumber,
  readInput,
  readQuery,
  wholeNumber,
} from './admin-input.js';

const refusal = (run: () => unknown) => {
  try {
    run();
  } catch (error) {
    return error instanceof GatewayError
      ? { code: error.code, param: error.details.param, message: error.message }
      : error;
  }
  return null;
};

const query = z.object({
  page: pageNumber,
  size: wholeNumber({ min: 1, max: 100, fallback: 10 }),
  full: flag,
  order: optionalWord(['asc', 'desc']),
});

describe('a query', () => {
  it('has defaults, and takes empty parameters for absent ones', () => {
    expect(readQuery(query, { size: '', other: 'x' })).toEqual({ page: 1, size: 10, full: false, order: null });
    expect(readQuery(query, { size: '100', full: 'True', order: 'asc' })).toMatchObject({ size: 100, full: true });
  });

  it.each([
    [{ size: '101' }, 'size', 'from 1 to 100'],
    [{ size: '-1' }, 'size', 'from 1 to 100'],
    [{ size: '1e2' }, 'size', 'from 1 to 100'],
    [{ size: '9'.repeat(400) }, 'size', 'from 1 to 100'],
    [{ page: '0' }, 'page', 'from 1 to 1000000'],
    [{ full: 'maybe' }, 'full', 'true or false'],
    [{ order: 'up' }, 'order', 'asc, desc'],
    [{ page: ['1', '2'] }, 'page', 'once'],
    [{ other: 'a\u0000b' }, 'other', 'NUL'],
  ])('%o is refused', (given, param, limit) => {
    expect(refusal(() => readQuery(query, given))).toMatchObject({
      code: 'invalid_request',
      param,
      message: expect.stringContaining(limit),
    });
  });

  it('is a 400 or a value, whatever is in it', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom('page', 'size', 'full', 'order'), fc.string()), (given) => {
        const result = refusal(() => readQuery(query, given));
        expect(result === null || 'code' in (result as object)).toBe(true);
      }),
    );
  });
});

const body = z.object({ key: name(8), list: names().optional(), deep: z.object({ on: z.boolean() }).optional() });

describe('a body', () => {
  it.each([
    [{}, 'key', "Missing required parameter: 'key'."],
    [{ key: 5 }, 'key', "Invalid value for 'key': must be a text."],
    [{ key: '' }, 'key', "Invalid value for 'key': must not be empty."],
    [{ key: 'a'.repeat(9) }, 'key', "Invalid value for 'key': must be at most 8 characters."],
    [{ key: 'a', list: 'b' }, 'list', "Invalid value for 'list': must be a list of texts."],
    [
      { key: 'a', list: Array.from({ length: 501 }, String) },
      'list',
      "Invalid value for 'list': must be at most 500 names.",
    ],
    [{ key: 'a', deep: {} }, 'deep.on', "Missing required parameter: 'deep.on'."],
  ])('%o is refused', (given, param, message) => {
    expect(refusal(() => readInput(body, given))).toEqual({ code: 'invalid_request', param, message });
  });

  it('names each thing once', () => {
    expect(readInput(body, { key: 'a', list: ['x', 'x', 'y'] }).list).toEqual(['x', 'y']);
  });
});

describe('what can be stored', () => {
  const nested = (levels: number): unknown => (levels === 0 ? 1 : { a: nested(levels - 1) });

  it.each([
    ['NUL', { a: { b: 'x\u0000' } }, 'a.b'],
    ['half a pair', { a: '\ud800' }, 'a'],
    ['NUL in a name', { 'a\u0000': 1 }, undefined],
    ['a number too large for any', { a: Number('1e400') }, 'a'],
    ['no end', nested(40), Array(32).fill('a').join('.')],
  ])('is not %s', (_what, value, param) => {
    expect(refusal(() => mustBeStorable(value, '', 0))).toMatchObject({ code: 'invalid_request', param });
  });

  it('is everything else', () => {
    expect(refusal(() => mustBeStorable({ a: ['ä', '😀', 1, null, nested(20)] }, '', 0))).toBeNull();
  });
});
