import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { budgetScopeName, chargedAmounts, memberId, parseBudgetScope, parseMemberId } from './budget.js';

describe('names of budget scopes', () => {
  it('lead back to their parts, whatever ids and models hold', () => {
    const owner = fc.constantFrom('key' as const, 'team' as const, 'user' as const);
    const unit = fc.constantFrom('usd' as const, 'tokens' as const, 'requests' as const);
    const text = fc.string({ minLength: 1, unit: 'grapheme' });
    fc.assert(
      fc.property(unit, owner, text, fc.option(text), (unitOf, ownerOf, id, model) => {
        const scope = { unit: unitOf, owner: ownerOf, id, model };
        expect(parseBudgetScope(budgetScopeName(scope))).toEqual(scope);
      }),
    );
    const global = { unit: 'usd' as const, owner: 'global' as const, id: '', model: null };
    expect(budgetScopeName(global)).toBe('usd/global');
    expect(parseBudgetScope('usd/global')).toEqual(global);
  });

  it('lead back to the team and the user of a member', () => {
    const text = fc.string({ minLength: 1, maxLength: 128, unit: 'grapheme' }).filter((id) => id.isWellFormed());
    fc.assert(
      fc.property(text, text, (teamId, userId) => {
        const name = budgetScopeName({ unit: 'usd', owner: 'member', id: memberId(teamId, userId), model: null });
        expect(parseMemberId(parseBudgetScope(name)?.id ?? '')).toEqual({ teamId, userId });
      }),
    );
    expect(['', 'a', 'a/', '/b', 'a/b/c', 'a/%'].map(parseMemberId)).toEqual(Array(6).fill(null));
  });

  it.each(['', 'usd', 'usd/key', 'usd/key/', 'eur/key/k', 'usd/cat/k', 'usd/key/k/m/x', 'usd/global/k', 'usd/key/%'])(
    '%j is none',
    (name) => {
      expect(parseBudgetScope(name)).toBeNull();
    },
  );
});

describe('what an attempt is charged with', () => {
  const usage = { inputTokens: 100, outputTokens: 20 };
  it.each([
    ['success', 5, { usd: 5, tokens: 120, requests: 1 }],
    ['client_disconnected', 5, { usd: 5, tokens: 120, requests: 1 }],
    ['failure', 5, { usd: 5, tokens: 120, requests: 0 }],
    ['success', null, { usd: 0, tokens: 120, requests: 1 }],
  ] as const)('%s at %s', (outcome, costNanoUsd, amounts) => {
    expect(chargedAmounts({ outcome, usage, costNanoUsd })).toEqual(amounts);
  });
});
