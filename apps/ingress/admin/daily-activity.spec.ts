import { describe, expect, it } from 'vitest';
import type { ReportDay } from '#contracts';
import { dailyActivity } from './daily-activity.js';

const group = (id: string, spend: number, failures = 0): ReportDay['groups'][number] => {
  const counted = { spend, requests: 2, failures, prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };
  return {
    ...counted,
    id,
    name: id,
    cloud_equivalent_spend: 0,
    unpriced: 0,
    metadata: [{ ...counted, model: 'm', api_key: `key-of-${id}` }],
  };
};
const days: ReportDay[] = [
  { group_by_day: '2026-11-19', groups: [group('ada', 0.1), group('bob', 0.2, 1)] },
  { group_by_day: '2026-11-20', groups: [group('bob', 0.4)] },
];

describe('dailyActivity', () => {
  it('adds up days, newest first, and all of them', () => {
    const { results, metadata } = dailyActivity(days, null);
    expect(results.map(({ date, metrics }) => [date, metrics.spend, metrics.api_requests])).toEqual([
      ['2026-11-20', 0.4, 2],
      ['2026-11-19', 0.3, 5],
    ]);
    expect(metadata).toMatchObject({
      total_spend: 0.7,
      total_tokens: 45,
      total_api_requests: 7,
      total_successful_requests: 6,
      total_failed_requests: 1,
      has_more: false,
    });
    expect(results[1]?.breakdown).toMatchObject({
      entities: { ada: { metrics: { spend: 0.1 } }, bob: { metrics: { failed_requests: 1 } } },
      models: { m: { metrics: { spend: 0.3, total_tokens: 30 } } },
      api_keys: { 'key-of-ada': { metrics: { prompt_tokens: 10 } } },
    });
  });

  it('is about some only, where they are named', () => {
    const { results, metadata } = dailyActivity(days, new Set(['ada']));
    expect(results.map(({ date }) => date)).toEqual(['2026-11-19']);
    expect(metadata).toMatchObject({ total_spend: 0.1 });
  });
});
