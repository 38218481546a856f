import { describe, expect, it } from 'vitest';
import { digestOfKey, lastFour } from './key-digest.js';

describe('digestOfKey', () => {
  it('is HMAC-SHA-256 in hex', () => {
    // echo -n sk-1234 | openssl dgst -sha256 -hmac pepper
    expect(digestOfKey('sk-1234', 'pepper')).toBe('7879ce24ce2e955c65774903448f4f525e6e603b9adbe9d51562c0121c2f4352');
    expect(digestOfKey('sk-1234', 'pepper')).not.toBe(digestOfKey('sk-1234', 'other pepper'));
    expect(digestOfKey('sk-1234', 'pepper')).not.toBe(digestOfKey('sk-12345', 'pepper'));
  });
});

describe('lastFour', () => {
  it.each([
    ['sk-solar-abcd', 'abcd'],
    ['ab', '**ab'],
  ])('%s', (key, expected) => expect(lastFour(key)).toBe(expected));
});
