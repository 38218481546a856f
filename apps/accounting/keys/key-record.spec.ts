import { describe, expect, it } from 'vitest';
import { KeyId, KeyRecord, TeamId, UserId } from '#contracts';
import { keyRecord, type KeyWithOwners } from './key-record.js';
import { newKey, newMember, newTeam, newUser } from './new-rows.js';

const making = { by: 'test', now: new Date('2026-11-20T00:00:00Z') };
const base: KeyWithOwners = {
  key: newKey(KeyId.parse('k1'), 'abcd', 'api', making),
  team: newTeam(TeamId.parse('t1'), making),
  user: newUser(UserId.parse('u1'), making),
  member: null,
  digestValidUntil: null,
  hasGlobalBudget: false,
};

describe('keyRecord', () => {
  it('fits the contract', () => expect(KeyRecord.parse(keyRecord(base))).toMatchObject({ id: 'k1', role: 'user' }));

  it.each([
    ['nobody', {}, null],
    ['the key', { key: { ...base.key, blocked: true } }, 'key'],
    ['the team', { team: { ...newTeam(TeamId.parse('t1'), making), blocked: true } }, 'team'],
    ['the user', { user: { ...newUser(UserId.parse('u1'), making), blocked: true } }, 'user'],
  ])('says that %s is blocked', (_who, changes, blockedBy) => {
    expect(keyRecord({ ...base, ...changes })).toMatchObject({ blocked: blockedBy !== null, blockedBy });
  });

  it('ends with the key or with its old digest, whichever is first', () => {
    const [early, late] = [new Date('2026-12-01T00:00:00Z'), new Date('2026-12-02T00:00:00Z')];
    const expires = (expiresAt: Date | null, digestValidUntil: Date | null) =>
      keyRecord({ ...base, key: { ...base.key, expiresAt }, digestValidUntil }).expiresAt;
    expect(expires(null, null)).toBeNull();
    expect(expires(early, null)).toBe(early.toISOString());
    expect(expires(late, early)).toBe(early.toISOString());
    expect(expires(early, late)).toBe(early.toISOString());
  });

  it('names every budget that a request is charged to', () => {
    const record = keyRecord({
      ...base,
      key: {
        ...base.key,
        maxBudgetNanoUsd: 0,
        maxRequestsBudget: 5,
        modelMaxBudget: { 'openai/gpt-4o': { limitNanoUsd: 1, duration: null } },
      },
      team: {
        ...newTeam(TeamId.parse('t1'), making),
        maxTokensBudget: 10,
        modelMaxBudget: { o3: { limitNanoUsd: 1, duration: null } },
      },
      member: { ...newMember(TeamId.parse('t1'), UserId.parse('u1'), making), maxBudgetNanoUsd: 7 },
      hasGlobalBudget: true,
    });
    expect(record.budgetScopes).toEqual([
      'usd/key/k1',
      'requests/key/k1',
      'tokens/team/t1',
      'usd/member/t1%2Fu1',
      'usd/global',
    ]);
    expect(record.teamModelBudgetScopes).toEqual({ o3: 'usd/team/t1/o3' });
    expect(record.modelBudgetScopes).toEqual({ 'openai/gpt-4o': 'usd/key/k1/openai%2Fgpt-4o' });
  });

  it('has the limits of the member, else those of every member of the team', () => {
    const team = { ...newTeam(TeamId.parse('t1'), making), memberRpmLimit: 5, memberBudgetNanoUsd: 9 };
    expect(keyRecord(base).memberLimits).toBeNull();
    // Also of a user who only has a key in it: else a key would be the way around the default.
    expect(keyRecord({ ...base, team })).toMatchObject({
      memberLimits: { rpm: 5, tpm: null },
      budgetScopes: ['usd/member/t1%2Fu1'],
    });
    const member = { ...newMember(TeamId.parse('t1'), UserId.parse('u1'), making), rpmLimit: 2, tpmLimit: 100 };
    expect(keyRecord({ ...base, team, member }).memberLimits).toMatchObject({ rpm: 2, tpm: 100 });
    expect(keyRecord({ ...base, team, member, user: null }).memberLimits).toBeNull();
  });

  it('has the tags of its metadata and of its team\u2019s', () => {
    const key = { ...base.key, tags: ['own'], metadata: { tags: ['kept', 5, '', 'own'] } };
    const team = { ...newTeam(TeamId.parse('t1'), making), metadata: { tags: ['crew'] } };
    expect(keyRecord({ ...base, key, team }).tags).toEqual(['own', 'kept', 'crew']);
    expect(keyRecord({ ...base, key: { ...base.key, metadata: { tags: 'x' } } }).tags).toEqual([]);
  });

  it('reads all where its user may', () => {
    const user = { ...newUser(UserId.parse('u1'), making), role: 'proxy_admin_viewer' };
    expect(keyRecord({ ...base, user })).toMatchObject({ role: 'user', readsAll: true });
    expect(keyRecord(base).readsAll).toBe(false);
  });

  it('demands the strictest policy of key, team and user', () => {
    const user = { ...newUser(UserId.parse('u1'), making), dataPolicy: 'no-retention' as const };
    expect(keyRecord({ ...base, key: { ...base.key, dataPolicy: 'may-train' }, user }).dataPolicy).toBe('no-retention');
  });
});
