import { describe, expect, it } from 'vitest';
import { crossedLines } from './budget.js';

const names = (spent: number, thresholds: number[], budget = { limit: 1_000, softLimit: 500 as number | null }) =>
  crossedLines(budget, spent, thresholds).map(({ name, event }) => `${name} ${event}`);

describe('the lines of a budget', () => {
  it('are reached at and above their amount, lowest first', () => {
    expect(names(499, [80])).toEqual([]);
    expect(names(500, [80])).toEqual(['soft soft_budget_crossed']);
    expect(names(800, [80])).toEqual(['soft soft_budget_crossed', '80 threshold_crossed']);
    expect(names(2_000, [95, 80])).toEqual([
      'soft soft_budget_crossed',
      '80 threshold_crossed',
      '95 threshold_crossed',
      '100 budget_crossed',
    ]);
  });

  it('may be written in percent or as shares', () => {
    expect(names(900, [0.8, 80, 1, 100])).toEqual(['soft soft_budget_crossed', '80 threshold_crossed']);
  });

  it('always end with the whole budget', () => {
    expect(names(1_000, [], { limit: 1_000, softLimit: null })).toEqual(['100 budget_crossed']);
  });

  it('have their end where a request was refused, if anything was spent at all', () => {
    const budget = { limit: 1_000, softLimit: null };
    const seen = (spent: number) => crossedLines(budget, spent, [80], true).map(({ name }) => name);
    expect(seen(900)).toEqual(['80', '100']);
    expect(seen(0)).toEqual([]);
    expect(crossedLines({ limit: 0, softLimit: null }, 5, [80], true)).toEqual([]);
  });

  it('are none where nothing can be spent, or where they make no sense', () => {
    expect(names(0, [80], { limit: 0, softLimit: 0 })).toEqual([]);
    expect(names(999, [-5, 0, 250], { limit: 1_000, softLimit: null })).toEqual([]);
  });
});
