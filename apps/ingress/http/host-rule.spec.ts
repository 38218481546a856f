import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isLoopbackHost, isOwnOrigin, isTrustedHost } from './host-rule.js';

describe('a host', () => {
  it.each([
    undefined,
    'localhost',
    'LOCALHOST:4000',
    'localhost.:4000',
    '127.0.0.1:4000',
    '[::1]:4000',
    '192.168.1.20',
    'ingress:4000',
    'gpu-box.local',
    'signalbox.default.svc.cluster.local:4000',
    'ai.home.arpa',
    'gateway.example.org:443',
  ])('%s is trusted', (host) => expect(isTrustedHost(host, ['gateway.example.org'])).toBe(true));

  it.each([
    '',
    'evil.example',
    'evil.example:4000',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'evil.example#@localhost',
    'x/@localhost',
    'gateway.example.org.evil.example',
    '[::1].evil.example',
  ])('%s is not', (host) => {
    expect(isTrustedHost(host, ['gateway.example.org'])).toBe(false);
  });

  it('of a name that can be registered is never trusted', () => {
    const label = fc.stringMatching(/^[a-z][a-z0-9-]{0,10}$/);
    fc.assert(
      fc.property(fc.array(label, { minLength: 1, maxLength: 4 }), (labels) => {
        expect(isTrustedHost([...labels, 'com'].join('.'), [])).toBe(false);
      }),
    );
  });
});

it.each([
  ['http://127.0.0.1:4000', '127.0.0.1:4000', true],
  ['https://gw.example', 'gw.example', true],
  ['https://gw.example', 'gw.example:443', true],
  ['http://evil.example', '127.0.0.1:4000', false],
  ['http://127.0.0.1:5173', '127.0.0.1:4000', false],
  ['null', '127.0.0.1:4000', false],
  ['file://127.0.0.1', '127.0.0.1', false],
  ['http://127.0.0.1', undefined, false],
])('the origin %s is %s itself: %s', (origin, host, own) => expect(isOwnOrigin(origin, host)).toBe(own));

it.each([
  ['localhost', true],
  ['127.0.0.1', true],
  ['::1', true],
  ['0.0.0.0', false],
  ['::', false],
  ['192.168.0.1', false],
  ['localhost.example', false],
])('%s is reached from this machine only: %s', (host, loopback) => expect(isLoopbackHost(host)).toBe(loopback));
