import { describe, expect, it } from 'vitest';
import { bringsKey, cameByHttps, isFromConsole, sessionCookie, sessionCookieOf } from './console-request.js';

const host = 'gateway.lan:4000';

describe('a request counts as the console’s own', () => {
  it.each([
    ['with its header, from an old browser', { host, 'x-signalbox-console': '1' }, true],
    ['with the gateway’s own origin', { host, 'x-signalbox-console': '1', origin: 'http://gateway.lan:4000' }, true],
    ['behind a proxy with TLS', { host: 'gw.example', 'x-signalbox-console': '1', origin: 'https://gw.example' }, true],
    [
      'with the default port in the host',
      { host: 'gw.example:443', 'x-signalbox-console': '1', origin: 'https://gw.example' },
      true,
    ],
    [
      'when the browser says so, whatever the proxy made of the host',
      {
        host: '127.0.0.1:4000',
        'x-signalbox-console': '1',
        origin: 'https://gw.example',
        'sec-fetch-site': 'same-origin',
      },
      true,
    ],
    ['without its header', { host, origin: 'http://gateway.lan:4000', 'sec-fetch-site': 'same-origin' }, false],
    ['with another value', { host, 'x-signalbox-console': 'true' }, false],
    [
      'from another port of the same machine',
      { host, 'x-signalbox-console': '1', origin: 'http://gateway.lan:3000' },
      false,
    ],
    ['from another site', { host, 'x-signalbox-console': '1', origin: 'https://evil.example' }, false],
    ['from a sandboxed frame', { host, 'x-signalbox-console': '1', origin: 'null' }, false],
    ['from the same site only', { host, 'x-signalbox-console': '1', 'sec-fetch-site': 'same-site' }, false],
    ['from the address bar', { host, 'x-signalbox-console': '1', 'sec-fetch-site': 'none' }, false],
    [
      'with a host that is none',
      { host: 'a@gateway.lan', 'x-signalbox-console': '1', origin: 'http://gateway.lan' },
      false,
    ],
  ])('%s: %j -> %s', (_what, headers, expected) => {
    expect(isFromConsole(headers)).toBe(expected);
  });
});

describe('the cookie', () => {
  it.each([
    ['signalbox_console=abc', 'abc'],
    ['theme=dark; signalbox_console=a=b; x=y', 'a=b'],
    ['signalbox_console=abc; signalbox_console=def', null],
    ['not_signalbox_console=abc', null],
    ['', null],
  ])('in %j is %j', (cookie, expected) => {
    expect(sessionCookieOf({ cookie })).toBe(expected);
  });

  it('is for no script, for no other site, and for https where the browser came that way', () => {
    expect(sessionCookie('abc', { maxAgeSeconds: 60, secure: false })).toBe(
      'signalbox_console=abc; Path=/; Max-Age=60; HttpOnly; SameSite=Strict',
    );
    expect(sessionCookie('', { maxAgeSeconds: 0, secure: true })).toMatch(/Max-Age=0; .*; Secure$/);
    expect(cameByHttps({ 'x-forwarded-proto': 'https, http' }, false)).toBe(true);
    expect(cameByHttps({ 'x-forwarded-proto': 'http' }, false)).toBe(false);
    expect(cameByHttps({}, true)).toBe(true);
  });
});

it.each([
  [{ authorization: 'Bearer sk-1' }, true],
  [{ 'x-api-key': 'sk-1' }, true],
  [{ cookie: 'signalbox_console=abc' }, false],
])('a key of its own decides alone: %j -> %s', (headers, expected) => {
  expect(bringsKey(headers)).toBe(expected);
});
