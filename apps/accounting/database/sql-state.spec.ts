import { describe, expect, it } from 'vitest';
import { isBadData, isConflict, isUnavailable, sqlState, violatedUnique } from './sql-state.js';

const withCode = (code: string) => Object.assign(new Error('x'), { code });
const wrapped = (code: string) => Object.assign(new Error('query failed'), { driverError: withCode(code) });

describe('sqlState', () => {
  it.each([
    [withCode('23505'), '23505'],
    [wrapped('57P01'), '57P01'],
    [new Error('x'), null],
    ['text', null],
    [null, null],
  ])('reads %s', (error, expected) => expect(sqlState(error)).toBe(expected));
});

describe('isUnavailable', () => {
  it.each(['57P01', '57P03', '57014', '08006', '53300', 'ECONNREFUSED', 'ECONNRESET'])('is true for %s', (code) => {
    expect(isUnavailable(wrapped(code))).toBe(true);
  });
  it('knows the messages of a connection that went away', () => {
    expect(isUnavailable(new Error('Connection terminated unexpectedly'))).toBe(true);
    expect(isUnavailable(new Error('timeout exceeded when trying to connect'))).toBe(true);
  });
  it.each(['23505', '22P02', '42601'])('is false for %s', (code) => expect(isUnavailable(withCode(code))).toBe(false));
});

describe('isBadData', () => {
  it.each([
    ['22021', true],
    ['23514', true],
    ['40P01', false],
    ['57P01', false],
  ])('%s -> %s', (code, expected) => expect(isBadData(wrapped(code))).toBe(expected));
});

it('knows a deadlock', () => {
  expect([isConflict(wrapped('40P01')), isConflict(withCode('40001')), isConflict(withCode('23505'))]).toEqual([
    true,
    true,
    false,
  ]);
});

it('does not blame an event for a partition that was attached under it', () => {
  const error = new Error('new row for relation "usage_events_default" violates partition constraint');
  expect(isBadData(Object.assign(error, { code: '23514' }))).toBe(false);
});

describe('violatedUnique', () => {
  it('names the constraint', () => {
    const error = Object.assign(new Error('x'), {
      driverError: Object.assign(new Error('y'), { code: '23505', constraint: 'keys_alias' }),
    });
    expect(violatedUnique(error)).toBe('keys_alias');
    expect(violatedUnique(withCode('23514'))).toBeNull();
  });
});
