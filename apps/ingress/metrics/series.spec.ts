import { describe, expect, it } from 'vitest';
import { litellmFamilies } from './families.js';
import { mostSeries, Series } from './series.js';

const team = { team: 't1', team_alias: 'Home' };

function linesOf(series: Series, family: string): string[] {
  return series
    .text()
    .split('\n')
    .filter((line) => line.startsWith(family));
}

describe('series', () => {
  it('say of every family what it is', () => {
    const text = new Series().text();
    for (const [name, { kind }] of Object.entries(litellmFamilies)) expect(text).toContain(`# TYPE ${name} ${kind}\n`);
  });

  it('write names that would end a line or a label as text', () => {
    const series = new Series();
    series.set('litellm_team_max_budget_metric', { team: 'a"} 1\nevil 1', team_alias: 'back\\slash\0' }, 5);
    expect(linesOf(series, 'litellm_team_max_budget_metric{')).toEqual([
      String.raw`litellm_team_max_budget_metric{team="a\"} 1\nevil 1",team_alias="back\\slash"} 5`,
    ]);
  });

  it('forget a gauge, and keep the last value that was set', () => {
    const series = new Series();
    series.set('litellm_team_max_budget_metric', team, 5);
    series.set('litellm_team_max_budget_metric', team, 7);
    expect(linesOf(series, 'litellm_team_max_budget_metric{')).toEqual([expect.stringMatching(/ 7$/)]);
    series.clear('litellm_team_max_budget_metric');
    expect(linesOf(series, 'litellm_team_max_budget_metric{')).toEqual([]);
  });

  it('count histograms up to each bound', () => {
    const series = new Series();
    const labels = { model: 'm', hashed_api_key: 'k', api_key_alias: 'a', ...team };
    for (const seconds of [0.05, 0.3, 3, 10_000])
      series.observe('litellm_llm_api_time_to_first_token_metric', labels, seconds);
    const lines = linesOf(series, 'litellm_llm_api_time_to_first_token_metric');
    const valueAt = (bound: string) =>
      lines
        .find((line) => line.includes(`le="${bound}"`))
        ?.split(' ')
        .at(-1);
    expect(['0.05', '0.25', '0.5', '5', '640', '+Inf'].map(valueAt)).toEqual(['1', '1', '2', '3', '3', '4']);
    expect(lines.find((line) => line.includes('_count'))).toMatch(/ 4$/);
    expect(lines.find((line) => line.includes('_sum'))).toMatch(/ 10003.35$/);
  });

  it('count as `other` what is more than a server should be given', () => {
    const series = new Series();
    for (let at = 0; at < mostSeries + 5; at += 1)
      series.set('litellm_user_max_budget_metric', { user: `u${String(at)}` }, 1);
    const lines = linesOf(series, 'litellm_user_max_budget_metric{');
    expect(lines).toHaveLength(mostSeries + 1);
    expect(lines.at(-1)).toContain('user="other"');
  });
});
