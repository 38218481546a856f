import { describe, expect, it } from 'vitest';
import { KeyDigest, KeyId, TeamId } from '#contracts';
import { AddressThrottle, networkOf } from './address-throttle.js';
import { masterRecord } from './authenticate.js';
import { KeyCache } from './key-cache.js';

const digest = (n: number) => KeyDigest.parse(n.toString(16).padStart(64, '0'));
const record = (id: string, team: string | null = null) => ({
  ...masterRecord('master', []),
  id: KeyId.parse(id),
  teamId: team === null ? null : TeamId.parse(team),
});

describe('the cache of keys', () => {
  it('is fresh for a minute and usable for ten', () => {
    const cache = new KeyCache();
    cache.put(digest(1), record('a'), 0);
    expect(cache.get(digest(1), 59_999)).toMatchObject({ kind: 'key', isFresh: true });
    expect(cache.get(digest(1), 60_000)).toMatchObject({ kind: 'key', isFresh: false });
    expect(cache.get(digest(1), 600_000)).toBeNull();
  });

  it('remembers what is no key, but not for long', () => {
    const cache = new KeyCache();
    cache.put(digest(1), null, 0);
    expect(cache.get(digest(1), 9_999)).toEqual({ kind: 'no-key' });
    expect(cache.get(digest(1), 10_000)).toBeNull();
  });

  it('forgets what a change concerns', () => {
    const cache = new KeyCache();
    cache.put(digest(1), record('a', 't'), 0);
    cache.put(digest(2), record('b', 't'), 0);
    cache.put(digest(3), record('c'), 0);
    cache.put(digest(4), null, 0);
    cache.invalidate('key', 'a');
    expect([1, 2, 3, 4].map((n) => cache.get(digest(n), 1)?.kind)).toEqual([undefined, 'key', 'key', undefined]);
    cache.invalidate('team', 't');
    expect(cache.get(digest(2), 1)).toBeNull();
    cache.invalidate('all', '');
    expect(cache.size).toBe(0);
  });

  it('has everything looked up again after a lost connection', () => {
    const cache = new KeyCache();
    cache.put(digest(1), record('a'), 100);
    cache.expire();
    expect(cache.get(digest(1), 101)).toMatchObject({ kind: 'key', isFresh: false });
  });

  it('is bounded', () => {
    const cache = new KeyCache();
    for (let n = 0; n < 10_050; n += 1) cache.put(digest(n), null, 0);
    expect(cache.size).toBe(10_000);
    expect(cache.get(digest(0), 1)).toBeNull();
  });
});

describe('addresses that guess', () => {
  it('have to wait after twenty wrong keys, and not for ever', () => {
    const throttle = new AddressThrottle();
    for (let i = 0; i < 20; i += 1) {
      expect(throttle.waitFor('10.0.0.1', i)).toBe(0);
      throttle.failed('10.0.0.1', i);
    }
    expect(throttle.waitFor('10.0.0.1', 20)).toBeGreaterThan(2_000);
    expect(throttle.waitFor('10.0.0.2', 20)).toBe(0);
    expect(throttle.waitFor('10.0.0.1', 20 + 3_000)).toBe(0);
  });

  it.each([
    ['10.0.0.1', '10.0.0.1'],
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::6', '2001:db8:1:2::/64'],
    ['2001:db8::6', '2001:db8:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
  ])('%s counts as %s', (address, network) => {
    expect(networkOf(address)).toBe(network);
  });
});
