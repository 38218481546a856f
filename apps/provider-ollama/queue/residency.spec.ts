import { describe, expect, it } from 'vitest';
import { Residency } from './residency.js';

describe('Residency', () => {
  it('takes models that it never saw together for displaced, until the host lists them', () => {
    const residency = new Residency();
    residency.observe(['a']);
    expect(residency.loaded('b')).toBe(1);
    expect([...residency.models()]).toEqual(['b']);
    residency.observe(['a', 'b']);
    expect(residency.fit('a', 'b')).toBe('together');
    expect([...residency.models()].sort()).toEqual(['a', 'b']);
  });

  it('learns that one model pushes another out', () => {
    const residency = new Residency();
    residency.observe(['a']);
    residency.loaded('b');
    residency.observe(['b']);
    expect(residency.fit('a', 'b')).toBe('conflict');
    expect(residency.fit('b', 'a')).toBe('conflict');
  });

  it('learns a displacement that it only saw in the lists', () => {
    const residency = new Residency();
    residency.observe(['a']);
    residency.observe(['b']);
    expect(residency.fit('a', 'b')).toBe('conflict');
  });

  it('learns nothing from a model that only ran out of its keep-alive', () => {
    const residency = new Residency();
    residency.observe(['a']);
    residency.observe([]);
    residency.observe(['b']);
    expect(residency.fit('a', 'b')).toBe('unknown');
  });

  it('keeps what is known to fit when another model is loaded', () => {
    const residency = new Residency();
    residency.observe(['a', 'b']);
    residency.observe(['a']);
    expect(residency.loaded('b')).toBe(0);
    expect(residency.has('a')).toBe(true);
    expect(residency.loaded('b')).toBe(0);
  });

  it('is not changed through a copy', () => {
    const residency = new Residency();
    residency.observe(['a']);
    residency.copy().loaded('b');
    expect([...residency.models()]).toEqual(['a']);
  });
});
