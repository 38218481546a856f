import { describe, expect, it } from 'vitest';
import { SpendLogRow } from '#contracts';
import { closeEvent } from '../test/samples.js';
import { usageRow } from '../usage/usage-row.js';
import { spendLogCsv, spendLogRow } from './spend-log.js';

const shown = (changes: Parameters<typeof closeEvent>[1] = {}) => {
  const event = closeEvent('r1', changes);
  return spendLogRow(usageRow(event, new Date(event.startedAt), new Date(event.endedAt)));
};

describe('a spend log row', () => {
  it('has every field of the contract', () => {
    expect(SpendLogRow.parse(shown())).toEqual(shown());
    expect(shown({ outcome: 'failure', errorCode: 'upstream_timeout' })).toMatchObject({
      status: 'failure',
      metadata: { error_information: { error_code: 'upstream_timeout' } },
    });
  });
});

describe('CSV', () => {
  it('has one line of names, before the first page only', () => {
    const lines = spendLogCsv([shown()], true).split('\r\n');
    expect(lines).toHaveLength(3);
    expect(lines[0]?.split(',').slice(0, 3)).toEqual(['startTime', 'endTime', 'request_id']);
    expect(spendLogCsv([shown()], false).split('\r\n')).toHaveLength(2);
  });

  it.each([
    ['a,b', '"a,b"'],
    ['say "hi"', '"say ""hi"""'],
    ['=cmd()', "'=cmd()"],
    ['+1', "'+1"],
    ['@sum', "'@sum"],
    ['two\nlines', '"two\nlines"'],
  ])('writes the customer %j as %j', (endUser, expected) => {
    expect(spendLogCsv([shown({ payer: { endUser } })], false)).toContain(`,${expected},`);
  });

  it('writes small amounts without an exponent', () => {
    expect(spendLogCsv([shown({ costNanoUsd: 1 })], false)).toContain(',0.000000001,');
  });
});
