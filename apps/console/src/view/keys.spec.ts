import { describe, expect, it } from 'vitest';
import { aboutKey, amountOf, budgetLines, budgetOf, emptyKeyForm, limitsOf, newKeyBody } from './keys.js';

describe('a budget', () => {
  it.each([
    [1, null, null],
    [0, 10, { percent: 0, filled: 0, tone: 'good' }],
    [8, 10, { percent: 80, filled: 80, tone: 'warn' }],
    [12, 10, { percent: 120, filled: 100, tone: 'bad' }],
    [0, 0, { percent: 100, filled: 100, tone: 'bad' }],
  ])('with %d spent of %j is %j', (spent, limit, expected) => {
    expect(budgetOf(spent, limit)).toEqual(expected);
  });
});

describe('the form of a new key', () => {
  it.each([
    ['a name alone', { name: ' laptop ' }, { key_alias: 'laptop' }],
    [
      'models',
      { name: 'a', models: ' smart, qwen3:14b\nfast ,' },
      { key_alias: 'a', models: ['smart', 'qwen3:14b', 'fast'] },
    ],
    [
      'a budget',
      { name: 'a', budget: '$2,50', budgetDuration: '1mo' },
      { key_alias: 'a', max_budget: 2.5, budget_duration: '1mo' },
    ],
    [
      'a budget in requests',
      { name: 'a', budget: '200', budgetUnit: 'requests', budgetDuration: '1d' } as const,
      { key_alias: 'a', max_requests_budget: 200, budget_duration: '1d' },
    ],
    ['a budget for ever', { name: 'a', budget: '0', budgetDuration: '' }, { key_alias: 'a', max_budget: 0 }],
    ['team and end', { name: 'a', team: 'ops', expires: '7d' }, { key_alias: 'a', team_id: 'ops', duration: '7d' }],
  ])('with %s', (_what, typed, body) => {
    expect(newKeyBody({ ...emptyKeyForm, ...typed })).toEqual({ body });
  });

  it.each([
    { name: '  ' },
    { name: 'a', budget: 'much' },
    { name: 'a', budget: '-1' },
    { name: 'a', budget: '1.5', budgetUnit: 'tokens' } as const,
  ])('is refused as %j', (typed) => {
    expect(newKeyBody({ ...emptyKeyForm, ...typed })).toHaveProperty('problem');
  });
});

it('limits are told in words, those that are not set are left out', () => {
  const none = {
    rpm_limit: null,
    tpm_limit: null,
    data_policy: null,
  };
  expect(limitsOf(none)).toEqual([]);
  expect(limitsOf({ ...none, rpm_limit: 20, data_policy: 'local' })).toEqual([
    '20 requests a minute',
    'data policy local',
  ]);
});

describe('the bars of a key', () => {
  const none = {
    spend: 0.5,
    max_budget: null,
    max_tokens_budget: null,
    tokens_used: null,
    max_requests_budget: null,
    requests_used: null,
  };
  it.each([
    ['no budget: its spend', {}, [{ unit: 'usd', used: 0.5, limit: null }]],
    ['money', { max_budget: 2 }, [{ unit: 'usd', used: 0.5, limit: 2 }]],
    [
      'requests and tokens, nothing used of one',
      { max_requests_budget: 100, requests_used: 3, max_tokens_budget: 5_000 },
      [
        { unit: 'tokens', used: 0, limit: 5_000 },
        { unit: 'requests', used: 3, limit: 100 },
      ],
    ],
  ])('%s', (_what, more, lines) => {
    expect(budgetLines({ ...none, ...more })).toEqual(lines);
  });

  it.each([
    ['usd', 1.5, '$1.50'],
    ['tokens', 1_234_567, '1.2M tokens'],
    ['requests', 1, '1 request'],
  ] as const)('says %s of %d as %s', (unit, amount, words) => {
    expect(amountOf(unit, amount)).toBe(words);
  });
});

it.each([
  [{}, ['sk-...Xy9z']],
  [{ key_alias: null }, ['without a name']],
  [{ team_id: 'ops', role: 'admin' }, ['sk-...Xy9z', 'team ops', 'admin']],
])('under the title of a key with %j stands %j', (more, expected) => {
  expect(aboutKey({ key_alias: 'laptop', key_name: 'sk-...Xy9z', team_id: null, role: 'user', ...more })).toEqual(
    expected,
  );
});
