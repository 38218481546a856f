import { describe, expect, it } from 'vitest';
import { endUserOf } from './request-overrides.js';

const headers = (given: Record<string, string>) => (name: string) => given[name] ?? null;

describe('the end user', () => {
  it.each([
    [{}, {}, null],
    [{ user: 'body' }, {}, 'body'],
    [{ user: 'body' }, { 'x-litellm-end-user-id': 'header' }, 'header'],
    [{}, { 'x-litellm-customer-id': ' first ', 'x-litellm-end-user-id': 'second' }, 'first'],
    [{ user: 'body' }, { 'x-litellm-customer-id': '  ' }, 'body'],
    [{ user: 'x'.repeat(400) }, {}, 'x'.repeat(256)],
  ])('of %o with %o is %s', (gateway, given, expected) => {
    expect(endUserOf(gateway, headers(given))).toBe(expected);
  });
});
