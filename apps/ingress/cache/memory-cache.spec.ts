import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemoryCache } from './memory-cache.js';

describe('MemoryCache', () => {
  it('gives back what was kept until it expires', () => {
    const cache = new MemoryCache(100_000);
    cache.set('a', 'one', 10);
    expect(cache.get('a', 9)).toBe('one');
    expect(cache.get('a', 10)).toBeNull();
    expect(cache.bytes).toBe(0);
  });

  it('drops what was not asked for the longest', () => {
    const cache = new MemoryCache(5_000);
    const text = 'x'.repeat(40);
    for (let n = 0; n < 9; n += 1) cache.set(`k${n}`, text, 100);
    expect(cache.get('k0', 1)).toBe(text);
    for (let n = 9; n < 15; n += 1) cache.set(`k${n}`, text, 100);
    expect(cache.get('k0', 1)).toBe(text);
    expect(cache.get('k1', 1)).toBeNull();
  });

  it('does not empty itself for one large entry', () => {
    const cache = new MemoryCache(10_000);
    cache.set('a', 'small', 10);
    cache.set('b', 'x'.repeat(2_000), 10);
    expect(cache.get('b', 1)).toBeNull();
    expect(cache.get('a', 1)).toBe('small');
  });

  it('never holds more than its bound, and the last small entry is always there', () => {
    const step = fc.record({ key: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), length: fc.nat(390) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const cache = new MemoryCache(12_000);
        for (const { key, length } of steps) {
          cache.set(key, 'x'.repeat(length), 10);
          expect(cache.bytes).toBeLessThanOrEqual(12_000);
          expect(cache.get(key, 1)).toHaveLength(length);
        }
      }),
    );
  });
});
