import { describe, expect, it, test } from 'vitest';
import { schemaSteps } from './list.js';

/** Steps that made the schema of the first release: nothing ran on what was there before. */
const first = 3;

/** What code of the release before would trip over: something it reads is gone, or something it writes is refused. */
const breaking = [
  /\bDROP\s+(TABLE|COLUMN|VIEW|CONSTRAINT|FUNCTION|TRIGGER|TYPE)\b/i,
  /\bRENAME\b/i,
  /\bALTER\s+COLUMN\s+\S+\s+(SET\s+NOT\s+NULL|DROP\s+DEFAULT|(SET\s+DATA\s+)?TYPE)\b/i,
  /\bADD\s+COLUMN\s+(?![^,;]*\bDEFAULT\b)[^,;]*\bNOT\s+NULL\b/i,
  /\bADD\s+(CONSTRAINT|CHECK|UNIQUE|PRIMARY\s+KEY|FOREIGN\s+KEY)\b/i,
];

/** A check may be replaced by a wider one of the same name. */
const widened = /\bDROP\s+CONSTRAINT\s+(?:IF\s+EXISTS\s+)?(\w+)\s*,\s*ADD\s+CONSTRAINT\s+\1\s+CHECK\b/i;

const breaks = (statement: string) => breaking.some((pattern) => pattern.test(statement.replace(widened, '')));

describe('steps of the schema after the first release', () => {
  it('only add', () => {
    for (const step of schemaSteps.slice(first)) {
      expect({ step: step.name, broken: step.up.filter(breaks) }).toEqual({ step: step.name, broken: [] });
    }
  });

  it('are in the order of their times', () => {
    const times = schemaSteps.map((step) => Number(step.name.slice(-13)));
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(new Set(times).size).toBe(times.length);
  });

  test.each([
    ['ALTER TABLE keys DROP COLUMN alias', true],
    ['ALTER TABLE keys RENAME COLUMN alias TO name', true],
    ['ALTER TABLE keys ADD COLUMN x text NOT NULL', true],
    ['ALTER TABLE keys ALTER COLUMN alias SET NOT NULL', true],
    ['ALTER TABLE keys ADD CONSTRAINT short CHECK (length(alias) < 9)', true],
    ['ALTER TABLE keys DROP CONSTRAINT a, ADD CONSTRAINT b CHECK (true)', true],
    ['ALTER TABLE keys DROP CONSTRAINT IF EXISTS a, ADD CONSTRAINT a CHECK (true)', false],
    [`ALTER TABLE keys ADD COLUMN x text NOT NULL DEFAULT ''`, false],
    ['ALTER TABLE keys ADD COLUMN x text', false],
    ['CREATE TABLE more (id text NOT NULL PRIMARY KEY)', false],
    ['DROP INDEX attempts_started', false],
  ])('%s breaks: %s', (statement, expected) => {
    expect(breaks(statement)).toBe(expected);
  });
});
