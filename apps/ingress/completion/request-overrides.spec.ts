import { describe, expect, it } from 'vitest';
import { endUserOf, maxWaitOf, priorityOf } from './request-overrides.js';

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

  it('may be named by headers of the config, after those of LiteLLM', () => {
    const given = { 'x-openwebui-user-id': 'web' };
    expect(endUserOf({ user: 'body' }, headers(given), ['x-openwebui-user-id'])).toBe('web');
    expect(endUserOf({}, headers({ ...given, 'x-litellm-customer-id': 'own' }), ['x-openwebui-user-id'])).toBe('own');
  });
});

const refusal = (work: () => unknown) => {
  try {
    work();
  } catch (error) {
    return error;
  }
  return null;
};

describe('x-signalbox-priority', () => {
  it.each([
    ['normal', 'batch', 'batch'],
    ['interactive', ' normal ', 'normal'],
    ['normal', 'interactive', 'normal'],
    ['batch', 'interactive', 'batch'],
  ] as const)('of a key that is %s, asked for %s: %s', (own, asked, expected) => {
    expect(priorityOf(headers({ 'x-signalbox-priority': asked }), own)).toBe(expected);
  });

  it('is left to the key where it is not sent, and names the classes where it is none', () => {
    expect(priorityOf(headers({}), 'interactive')).toBe('interactive');
    const wrong = refusal(() => priorityOf(headers({ 'x-signalbox-priority': 'high' }), 'normal'));
    expect(wrong).toMatchObject({ code: 'invalid_request', details: { param: 'x-signalbox-priority' } });
    expect(String(wrong)).toContain('interactive, normal, batch');
  });
});

it('x-signalbox-max-wait of 0 is no wait, and of nothing none that was said', () => {
  expect(maxWaitOf(headers({ 'x-signalbox-max-wait': '0' }))).toBe(0);
  expect(maxWaitOf(headers({ 'x-signalbox-max-wait': '1.5' }))).toBe(1_500);
  expect(maxWaitOf(headers({}))).toBeNull();
});
