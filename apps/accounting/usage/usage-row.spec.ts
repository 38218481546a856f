import { describe, expect, it } from 'vitest';
import { closeEvent, openEvent } from '../test/samples.js';
import { readUsage } from './usage-row.js';

describe('readUsage', () => {
  it('reads a close', () => {
    const read = readUsage('usage.close', closeEvent('r', { payer: { tags: ['a', 'a', 'b'] } }));
    expect(read).toMatchObject({
      kind: 'close',
      row: { attemptId: 'r.0', startedAt: new Date('2026-11-20T10:00:00Z'), tags: ['a', 'b'], inputTokens: 100 },
    });
  });

  it('reads an open', () => {
    const leases = [{ id: 'l1', scope: 'usd/key/k', windowId: 'w' }];
    expect(readUsage('usage.open', openEvent('r', { payer: { leases } }))).toMatchObject({
      kind: 'open',
      open: { attemptId: 'r.0', leaseIds: ['l1'], expiresAt: new Date('2026-11-20T10:10:00Z') },
    });
  });

  it('leaves fields alone that it does not know', () => {
    expect(readUsage('usage.close', { ...closeEvent('r'), inventedLater: 1 })).toMatchObject({ kind: 'close' });
  });

  it.each([
    ['of a later release', 'usage.close', { ...closeEvent('r'), v: 2 }, { kind: 'newer' }],
    ['that is no JSON', 'usage.close', undefined, { kind: 'unreadable' }],
    [
      'without an id',
      'usage.close',
      { ...closeEvent('r'), attemptId: '' },
      { reason: expect.stringContaining('attemptId') },
    ],
    ['with negative tokens', 'usage.close', { ...closeEvent('r'), usage: { inputTokens: -1 } }, { kind: 'unreadable' }],
    ['without a time', 'usage.close', { ...closeEvent('r'), startedAt: 'soon' }, { kind: 'unreadable' }],
    ['of a subject nobody knows', 'usage.other', closeEvent('r'), { reason: 'no such subject: usage.other' }],
  ])('does not take an event %s', (_name, subject, payload, expected) => {
    expect(readUsage(subject, payload)).toMatchObject(expected);
  });

  it('cuts and cleans what clients wrote', () => {
    const read = readUsage('usage.close', closeEvent('r', { payer: { endUser: `\u0000${'x'.repeat(9_999)}` } }));
    expect(read.kind === 'close' && read.row.endUser?.length).toBe(511);
  });
});
