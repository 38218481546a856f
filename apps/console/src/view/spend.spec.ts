import { describe, expect, it } from 'vitest';
import type { ReportDay, SpendLine } from '../api/answers.js';
import { chartOf, daysUpTo, firstMeasure, sumOf, totalsOf } from './spend.js';

function line(id: string, spend: number, more: Partial<SpendLine> = {}): SpendLine {
  return {
    id,
    name: id,
    spend,
    requests: 1,
    failures: 0,
    prompt_tokens: 10,
    completion_tokens: 5,
    total_tokens: 15,
    cloud_equivalent_spend: 0,
    unpriced: 0,
    ...more,
  };
}

const report: ReportDay[] = [
  { group_by_day: '2026-11-18', models: [line('a', 1), line('b', 5)] },
  { group_by_day: '2026-11-20', models: [line('a', 2, { cloud_equivalent_spend: 9 })] },
];

describe('sums', () => {
  it('add up a group over the days, greatest first', () => {
    expect(totalsOf(report, 'model', 'spend').map(({ id, spend, requests }) => [id, spend, requests])).toEqual([
      ['b', 5, 1],
      ['a', 3, 2],
    ]);
    expect(totalsOf(report, 'model', 'saved')[0]?.id).toBe('a');
    expect(sumOf(totalsOf(report, 'model', 'spend'))).toMatchObject({
      spend: 8,
      total_tokens: 45,
      cloud_equivalent_spend: 9,
    });
  });

  it('give those a name that have none', () => {
    const days = [{ group_by_day: '2026-11-18', teams: [line('', 1)] }];
    expect(totalsOf(days, 'team', 'spend')[0]?.name).toBe('no team');
  });
});

it.each([
  [0, 0, 'spend'],
  [0, 4, 'saved'],
  [1, 4, 'spend'],
])('with %d spent and %d saved the page begins with %s', (spend, saved, expected) => {
  expect(firstMeasure({ spend, cloud_equivalent_spend: saved })).toBe(expected);
});

describe('the chart', () => {
  const days = daysUpTo('2026-11-20', 3);

  it('has every day, also those without spend', () => {
    expect(days).toEqual(['2026-11-18', '2026-11-19', '2026-11-20']);
    const { series, columns } = chartOf(report, days, 'model', 'spend');
    expect(series.map(({ id }) => id)).toEqual(['b', 'a']);
    expect(columns.map(({ amounts }) => amounts)).toEqual([
      [5, 1],
      [0, 0],
      [0, 2],
    ]);
    expect(columns.map(({ total }) => total)).toEqual([6, 0, 2]);
  });

  it('goes over the end of a month', () => {
    expect(daysUpTo('2026-03-01', 2)).toEqual(['2026-02-28', '2026-03-01']);
  });

  it.each([
    [6, 6, null],
    [7, 6, '2 others'],
    [40, 6, '35 others'],
  ])('shows %d groups as %d series', (groups, count, others) => {
    const models = Array.from({ length: groups }, (_, at) => line(`m${String(at)}`, at + 1));
    const { series, columns } = chartOf([{ group_by_day: '2026-11-20', models }], ['2026-11-20'], 'model', 'spend');
    expect(series).toHaveLength(count);
    if (others !== null) expect(series.at(-1)?.name).toBe(others);
    expect(columns[0]?.total).toBe((groups * (groups + 1)) / 2);
  });

  it('has no series for what spent nothing', () => {
    expect(chartOf(report, days, 'model', 'saved').series.map(({ id }) => id)).toEqual(['a']);
    expect(chartOf([], days, 'api_key', 'spend').series).toEqual([]);
  });
});
