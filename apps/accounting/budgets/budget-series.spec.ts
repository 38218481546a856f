import fc from 'fast-check';
import { expect, it } from 'vitest';
import { budgetSeries, type BudgetState } from './budget-series.js';

const state: BudgetState = {
  unit: 'usd',
  owner: 'key',
  ownerId: 'key_0123456789',
  model: null,
  label: 'laptop',
  limit: 10,
  spent: 8,
  endsAt: new Date(5_000),
};

it.each([
  [{}, 'laptop', 0.8],
  [{ label: null }, 'key_0123456789', 0.8],
  [{ model: 'gpt' }, 'laptop / gpt', 0.8],
  [{ unit: 'tokens' as const }, 'laptop (tokens)', 0.8],
  [{ owner: 'global' as const, label: null }, 'global', 0.8],
  [{ limit: 0, spent: 0 }, 'laptop', 1],
])('%j is called %s', (change, budget, usedRatio) => {
  const [series] = budgetSeries([{ ...state, ...change }], 10);
  expect(series).toMatchObject({ labels: { budget }, usedRatio, resetAt: 5 });
});

it('owners of one name keep apart, and never more series than asked for', () => {
  const twins = [state, { ...state, ownerId: 'key_abcdef' }, { ...state, owner: 'team' as const }];
  expect(budgetSeries(twins, 10).map(({ labels }) => `${labels.scope}:${labels.budget}`)).toEqual([
    'key:laptop',
    'key:laptop #abcdef',
    'team:laptop',
  ]);
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 400 }), { maxLength: 40 }), (labels) => {
      const many = budgetSeries(
        labels.map((label, index) => ({ ...state, label, ownerId: `key_${String(index).padStart(6, '0')}` })),
        20,
      );
      expect(many.length).toBe(Math.min(20, labels.length));
      expect(new Set(many.map((one) => one.labels.budget)).size).toBe(many.length);
      for (const one of many) expect(one.labels.budget.length).toBeLessThan(100);
    }),
  );
});
