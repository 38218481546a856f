import { describe, expect, it } from 'vitest';
import { KeyId, TeamId, UserId } from '#contracts';
import { masterRecord } from './authenticate.js';
import { limitHeaders, limitsOf, limitText, resetText } from './rate-limit.js';

const none = { rpm: null, rps: null, tpm: null, maxParallelRequests: null };
const key = { ...masterRecord('master', []), id: KeyId.parse('k'), alias: 'bot' };

describe('the limits of a request', () => {
  it('are none for most keys', () => {
    expect(limitsOf(key, ['m'], 100)).toEqual([]);
    const inTeam = { ...key, teamId: TeamId.parse('t'), teamLimits: none };
    expect(limitsOf(inTeam, ['m'], 100)).toEqual([]);
  });

  it('are those of key, team and user, each counted on its own', () => {
    const owners = limitsOf(
      {
        ...key,
        teamId: TeamId.parse('t'),
        userId: UserId.parse('u'),
        limits: { rpm: 60, rps: 5, tpm: 1_000, maxParallelRequests: 3 },
        teamLimits: { ...none, rpm: 600 },
        userLimits: { ...none, maxParallelRequests: 9 },
      },
      ['m'],
      100,
    );
    expect(
      owners.map(({ owner, takes }) => [
        owner,
        takes.map(({ kind, limit, windowMs, amount }) => [kind, limit, windowMs, amount]),
      ]),
    ).toEqual([
      [
        'key/k',
        [
          ['parallel', 3, 3_600_000, 1],
          ['requests', 5, 1_000, 1],
          ['requests', 60, 60_000, 1],
          ['tokens', 1_000, 60_000, 100],
        ],
      ],
      ['team/t', [['requests', 600, 60_000, 1]]],
      ['user/u', [['parallel', 9, 3_600_000, 1]]],
    ]);
  });

  it('are those of a member too, for its keys in the team only', () => {
    const member = { ...key, userId: UserId.parse('u@x'), memberLimits: { ...none, rpm: 2 } };
    expect(limitsOf({ ...member, teamId: TeamId.parse('t') }, ['m'], 1)).toMatchObject([
      { owner: 'member/t/u%40x', takes: [{ kind: 'requests', limit: 2 }] },
    ]);
    expect(limitsOf(member, ['m'], 1)).toEqual([]);
  });

  it('may be per model, also by the group that an alias leads to', () => {
    const limited = { ...key, modelRpm: { gpt: 5 }, modelTpm: { gpt: 500 } };
    expect(limitsOf(limited, ['alias', 'gpt'], 100)).toMatchObject([
      {
        takes: [
          { kind: 'requests', name: 'gpt', limit: 5 },
          { kind: 'tokens', name: 'gpt', limit: 500 },
        ],
      },
    ]);
    expect(limitsOf(limited, ['other'], 100)).toEqual([]);
  });

  it('may be per model for team and user, too', () => {
    const limited = {
      ...key,
      teamId: TeamId.parse('t'),
      userId: UserId.parse('u'),
      teamModelRpm: { gpt: 5 },
      userModelTpm: { gpt: 50, other: 1 },
    };
    expect(limitsOf(limited, ['gpt'], 100)).toMatchObject([
      { owner: 'team/t', takes: [{ kind: 'requests', name: 'gpt', limit: 5, amount: 1 }] },
      { owner: 'user/u', takes: [{ kind: 'tokens', name: 'gpt', limit: 50, amount: 50 }] },
    ]);
    expect(limitsOf({ ...limited, teamId: null, userId: null }, ['gpt'], 100)).toEqual([]);
  });

  it('take no more tokens than there are: a large request is let through when all is free', () => {
    expect(limitsOf({ ...key, limits: { ...none, tpm: 1_000 } }, ['m'], 99_999)).toMatchObject([
      { takes: [{ amount: 1_000 }] },
    ]);
  });
});

describe('what is said of them', () => {
  it('is the tightest limit of each kind', () => {
    const state = (kind: 'requests' | 'tokens', limit: number, remaining: number) => ({
      kind,
      name: '',
      limit,
      remaining,
      resetMs: 6_000,
    });
    expect(limitHeaders([state('requests', 600, 599), state('requests', 60, 10), state('tokens', 1_000, 0)])).toEqual({
      'x-ratelimit-limit-requests': '60',
      'x-ratelimit-remaining-requests': '10',
      'x-ratelimit-reset-requests': '6s',
      'x-ratelimit-limit-tokens': '1000',
      'x-ratelimit-remaining-tokens': '0',
      'x-ratelimit-reset-tokens': '6s',
    });
    expect(limitHeaders([])).toEqual({});
  });

  it.each([
    [0, '0ms'],
    [119.2, '120ms'],
    [6_000, '6s'],
    [6_001, '7s'],
    [90_000, '1m30s'],
    [7_200_000, '2h0m0s'],
  ])('%d ms is %s', (ms, text) => {
    expect(resetText(ms)).toBe(text);
  });

  it('names the limit', () => {
    const state = { kind: 'parallel' as const, name: 'gpt', limit: 3, remaining: 0, resetMs: 0 };
    expect(limitText(state, 3_600_000, "key 'bot'")).toBe("3 parallel requests of model 'gpt' for key 'bot'");
    expect(limitText({ ...state, kind: 'tokens', name: '' }, 60_000, 'x')).toBe('3 tokens per minute for x');
  });
});
