import { describe, expect, it } from 'vitest';
import { GatewayError, TeamId, UserId } from '#contracts';
import { attemptOf } from '../completion/attempt.fixtures.js';
import { estimateOf, overBudget, overLimit, reservingOf } from './admission.js';
import { masterRecord } from './authenticate.js';

const key = { ...masterRecord('master', []), alias: 'bot', teamId: null, budgetScopes: ['usd/key/k'] };
const price = {
  inputPerMillion: '1',
  outputPerMillion: '10',
  cacheReadPerMillion: null,
  cacheWritePerMillion: null,
  perRequest: null,
  source: 'config' as const,
};
const paid = attemptOf('d1', 'cloud', { kind: 'cloud', price, modelGroup: 'gpt' });
const size = { inputTokens: 10, maxOutputTokens: 10, choices: 1 };
const estimate = { needed: 4_000_000_000, model: 'gpt', promptTokens: 44, outputTokens: 10, isCapped: true };

describe('what a request is charged to', () => {
  it('is every budget of its key, and the one of the model', () => {
    const withModel = { ...key, modelBudgetScopes: { gpt: 'usd/key/k/gpt', other: 'usd/key/k/other' } };
    expect(reservingOf(withModel, 'gpt', [paid], size).scopes).toEqual(['usd/key/k', 'usd/key/k/gpt']);
    expect(reservingOf(withModel, 'alias-of-gpt', [paid], size).scopes).toEqual(['usd/key/k', 'usd/key/k/gpt']);
    expect(reservingOf(key, 'gpt', [paid], size).scopes).toEqual(['usd/key/k']);
  });

  it('is those of the model that team and user have, too', () => {
    const ofAll = {
      ...key,
      modelBudgetScopes: { gpt: 'usd/key/k/gpt' },
      teamModelBudgetScopes: { gpt: 'usd/team/t/gpt' },
      userModelBudgetScopes: { other: 'usd/user/u/other' },
    };
    expect(reservingOf(ofAll, 'gpt', [paid], size).scopes).toEqual(['usd/key/k', 'usd/key/k/gpt', 'usd/team/t/gpt']);
    const fallback = { ...paid, modelGroup: 'other', fallbackFrom: 'gpt' };
    expect(reservingOf(ofAll, 'gpt', [paid, fallback], size).ceilings).toMatchObject([{ attempts: [0] }]);
    const same = { ...paid, fallbackFrom: 'gpt' };
    expect(reservingOf(ofAll, 'gpt', [paid, same], size).ceilings[0]?.attempts).toEqual([0, 1]);
  });

  it('leaves out fallbacks that another budget would have to pay', () => {
    const withModel = { ...key, modelBudgetScopes: { other: 'usd/key/k/other' } };
    const fallback = { ...paid, modelGroup: 'other', fallbackFrom: 'gpt' };
    expect(reservingOf(withModel, 'gpt', [paid, fallback], size).ceilings).toMatchObject([{ attempts: [0] }]);
  });

  it('must have a price where money is counted', () => {
    const unpriced = { ...paid, price: null };
    expect(() => reservingOf(key, 'gpt', [unpriced], size)).toThrow(GatewayError);
    expect(reservingOf({ ...key, budgetScopes: ['tokens/key/k'] }, 'gpt', [unpriced], size).ceilings).toHaveLength(1);
    expect(reservingOf({ ...key, budgetScopes: [] }, 'gpt', [unpriced], size).ceilings).toHaveLength(1);
  });
});

describe('refusals', () => {
  const now = Date.parse('2026-11-21T23:59:00Z');
  const denial = { scope: 'usd/key/k', limit: 100, settled: 100, held: 0, resetAt: '2026-11-22T00:00:00.000Z' };

  it('say whose budget is used up and when it is renewed', () => {
    const error = overBudget(key, denial, estimate, now);
    expect(error).toMatchObject({
      code: 'insufficient_quota',
      details: { retryAfterMs: 60_000, resetAt: denial.resetAt },
    });
    expect(error.message).toBe(
      "The budget of key 'bot' is used up: of $0.0000001, $0.0000001 used. It is renewed at 2026-11-22T00:00:00.000Z.",
    );
    expect(overBudget(key, { ...denial, resetAt: null }, estimate, now).details.retryAfterMs).toBeUndefined();
  });

  it('say what would be needed, but not what others have left', () => {
    const some = { ...denial, limit: 3_000_000_000, settled: 500_000_000, held: 2_000_000_000, resetAt: null };
    expect(overBudget(key, some, estimate, now).message).toBe(
      "The budget of key 'bot' does not hold this request: with the model 'gpt' it may cost up to $4 (44 prompt tokens and " +
        '10 output tokens at most); of $3, $0.5 used and $2 set aside for requests that are running. ' +
        'Ask for fewer output tokens (max_tokens). It is not renewed by itself.',
    );
    expect(overBudget(key, { ...some, scope: 'usd/global' }, { ...estimate, isCapped: false }, now).message).toBe(
      "The budget of the whole gateway does not hold this request: with the model 'gpt' it may cost up to $4 (44 prompt " +
        'tokens and 10 output tokens at most). It names no max_tokens, so the longest answer is reckoned with: send one. ' +
        'It is not renewed by itself.',
    );
  });

  it('do not ask for a shorter answer where requests are counted', () => {
    const counted = { scope: 'requests/key/k', limit: 2, settled: 1, held: 1, resetAt: null };
    expect(overBudget(key, counted, { ...estimate, needed: 1 }, now).message).toBe(
      "The budget of key 'bot' is used up: of 2 requests, 1 request used and 1 request set aside for requests that " +
        'are running. It is not renewed by itself.',
    );
  });

  it('speak of the model that was asked for', () => {
    const attempts = [paid, { ...paid, modelGroup: 'dear', fallbackFrom: 'gpt' }];
    expect(estimateOf({ model: 'alias-of-gpt', attempts }, size, 0, 5)).toEqual({
      needed: 5,
      model: 'alias-of-gpt',
      promptTokens: 44,
      outputTokens: 10,
      isCapped: true,
    });
    expect(estimateOf({ model: 'gpt', attempts }, size, 1, 5).model).toBe('dear');
  });

  it('say that a limit is a member\u2019s', () => {
    const take = { kind: 'requests' as const, name: '', limit: 5, windowMs: 60_000, amount: 1 };
    const state = { kind: 'requests' as const, name: '', limit: 5, remaining: 0, resetMs: 10 };
    const member = { ...key, teamId: TeamId.parse('t'), teamAlias: 'lab', userId: UserId.parse('u') };
    expect(overLimit(member, 'member/t/u', [take], state, 1).message).toBe(
      "Rate limit reached: 5 requests per minute for user 'u' in team 'lab'.",
    );
  });

  it('say which limit was reached', () => {
    const take = { kind: 'requests' as const, name: '', limit: 5, windowMs: 1_000, amount: 1 };
    const state = { kind: 'requests' as const, name: '', limit: 5, remaining: 0, resetMs: 10 };
    expect(overLimit(key, 'key/k', [take], state, 12.5)).toMatchObject({
      code: 'rate_limit_exceeded',
      message: "Rate limit reached: 5 requests per second for key 'bot'.",
      details: { retryAfterMs: 13 },
    });
  });
});
