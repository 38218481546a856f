import { describe, expect, it } from 'vitest';
import { TeamId, UserId } from '#contracts';
import {
  isKeyShaped,
  isSameSecret,
  keyDigest,
  keyProblem,
  masterRecord,
  presentedKey,
  wrongKey,
} from './authenticate.js';

describe('the presented key', () => {
  it.each([
    [{ authorization: 'Bearer sk-12345678' }, 'sk-12345678'],
    [{ authorization: 'bearer   sk-12345678 ' }, 'sk-12345678'],
    [{ 'x-api-key': 'sk-ant' }, 'sk-ant'],
    [{ 'x-api-key': 'Bearer sk-ant' }, 'sk-ant'],
    [{ authorization: 'Bearer sk-a', 'x-api-key': 'sk-b' }, 'sk-a'],
    [{ authorization: 'Bearer sk-a', 'x-litellm-api-key': 'Bearer sk-l' }, 'sk-l'],
    [{ authorization: 'Basic dXNlcjpwYXNz' }, null],
    [{ authorization: 'sk-bare' }, null],
    [{ authorization: '' }, null],
    [{ authorization: 'Bearer', 'x-api-key': 'sk-b' }, 'sk-b'],
    [{ 'x-api-key': ['a', 'b'] }, null],
    [{}, null],
  ])('of %j is %s', (headers, key) => {
    expect(presentedKey(headers)).toBe(key);
  });

  it('must look like one', () => {
    expect(['sk-12345678', 'sk-ä1234567', 'short', `sk-${'x'.repeat(300)}`, "sk-' OR 1=1 --"].map(isKeyShaped)).toEqual(
      [true, false, true, false, false],
    );
  });

  it('is never repeated in full', () => {
    expect(wrongKey('sk-abcdefghijklmnop').message).toBe('Incorrect API key provided: sk-...mnop.');
    expect(wrongKey('secret').message).toBe('Incorrect API key provided: ***.');
  });
});

describe('digests', () => {
  it('depend on the whole key and on the pepper', () => {
    // printf %s sk-12345678 | openssl dgst -sha256 -hmac pepper
    expect(keyDigest('sk-12345678', 'pepper')).toBe('17103a281ed3c6125711139cbd3e43873163403b8eecdd657138455dbfda4bc9');
    expect(keyDigest('sk-12345678', 'other')).not.toBe(keyDigest('sk-12345678', 'pepper'));
    expect([isSameSecret('a', 'a'), isSameSecret('a', 'b'), isSameSecret('a', 'aa')]).toEqual([true, false, false]);
  });
});

describe('a known key', () => {
  const key = masterRecord('master', []);
  const now = Date.parse('2026-11-21T10:00:00Z');
  it('is refused where it is blocked or has expired', () => {
    expect(keyProblem(key, now)).toBeNull();
    expect(keyProblem({ ...key, expiresAt: '2026-11-21T10:00:00Z' }, now)?.code).toBe('invalid_api_key');
    expect(keyProblem({ ...key, expiresAt: '2026-11-21T10:00:01Z' }, now)).toBeNull();
  });

  it.each([
    [{ blocked: true, alias: 'paperless' }, "The key 'paperless' is blocked."],
    [{ blocked: true, alias: null }, 'The key is blocked.'],
    [
      { blocked: true, blockedBy: 'team' as const, teamId: TeamId.parse('t1'), alias: 'paperless' },
      "The team 't1' of the key 'paperless' is blocked.",
    ],
    [
      { blocked: true, blockedBy: 'user' as const, userId: UserId.parse('ada'), alias: 'paperless' },
      "The user 'ada' of the key 'paperless' is blocked.",
    ],
    [{ expiresAt: '2026-11-21T10:00:00Z', alias: 'paperless' }, "The key 'paperless' expired at 2026-11-21T10:00:00Z."],
  ])('is named where it is refused: %j', (fields, message) => {
    expect(keyProblem({ ...key, ...fields }, now)?.message).toBe(message);
  });
});
