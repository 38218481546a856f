import { expect, it } from 'vitest';
import { querySummary } from './query-summary.js';

it.each([
  ['SELECT * FROM "keys" WHERE id = $1', 'SELECT keys'],
  ['INSERT INTO usage (a) VALUES ($1)', 'INSERT usage'],
  ['update budgets set spent = $1', 'UPDATE budgets'],
  ['DELETE FROM leases WHERE id = $1', 'DELETE leases'],
  ['\n  -- why\n  SELECT 1', 'SELECT'],
  ['WITH due AS (SELECT id FROM leases) UPDATE budgets SET x = 1', 'WITH budgets'],
  ['START TRANSACTION', 'START'],
  ['', 'QUERY'],
  ["SELECT 'a secret' FROM prompts", 'SELECT prompts'],
])('%j is %s', (sql, summary) => {
  expect(querySummary(sql)).toBe(summary);
});
