import { expect, it } from 'vitest';
import { OutcomeNews } from './outcome-news.js';

it('tells of every failure, of the first success after it, and of one a second', () => {
  const news = new OutcomeNews();
  const steps: [backend: string, ok: boolean, at: number, told: boolean][] = [
    ['a', true, 0, true],
    ['a', true, 999, false],
    ['b', true, 999, true],
    ['a', true, 1_000, true],
    ['a', false, 1_001, true],
    ['a', false, 1_002, true],
    ['a', true, 1_003, true],
    ['a', true, 2_002, false],
    ['a', true, 2_003, true],
  ];
  for (const [backend, ok, at, told] of steps) expect([at, news.isNews(backend, ok, at)]).toEqual([at, told]);
});
