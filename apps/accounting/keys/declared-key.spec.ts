import { describe, expect, it } from 'vitest';
import { KeyId } from '#contracts';
import { declaredRow, differs } from './declared-key.js';

const making = { by: 'config', now: new Date('2026-11-20T00:00:00Z') };
const later = { by: 'config', now: new Date('2026-11-25T00:00:00Z') };
const fresh = { id: KeyId.parse('new'), last4: 'abcd' };
const declared = (fields: Record<string, unknown>) => ({
  alias: 'solar-bot-prod',
  secret: { from: 'env' as const, name: 'SOLAR_KEY' },
  path: 'key_management.keys[0]',
  fields,
});

describe('declaredRow', () => {
  it('is the key as the file declares it', () => {
    const { row, warnings } = declaredRow(
      declared({ key_name: 'ignored', max_budget: 25, budget_duration: '1d', budget_reset_at: '00:00' }),
      null,
      fresh,
      making,
    );
    expect(row).toMatchObject({
      id: 'new',
      alias: 'solar-bot-prod',
      origin: 'config',
      maxBudgetNanoUsd: 25_000_000_000,
      budgetDuration: '1d',
      budgetResetAt: '00:00',
    });
    expect(warnings).toEqual([]);
  });

  it('keeps identity, birth, and a block; gives up limits that left the file', () => {
    const { row: first } = declaredRow(
      declared({ max_budget: 25, rpm_limit: 5, duration: '10d' }),
      null,
      fresh,
      making,
    );
    const stored = { ...first, id: KeyId.parse('old'), blocked: true };
    const { row } = declaredRow(declared({ rpm_limit: 6, duration: '10d' }), stored, fresh, later);
    expect(row).toMatchObject({
      id: 'old',
      createdAt: making.now,
      blocked: true,
      maxBudgetNanoUsd: null,
      rpmLimit: 6,
      expiresAt: first.expiresAt,
    });
    expect(declaredRow(declared({ blocked: false }), stored, fresh, later).row.blocked).toBe(false);
  });

  it('names the field that is wrong', () => {
    expect(() => declaredRow(declared({ max_budget: -1 }), null, fresh, making)).toThrow(/max_budget/);
  });
});

describe('differs', () => {
  it('looks neither at the writer nor at the order of keys', () => {
    const { row } = declaredRow(declared({ metadata: { a: 1, b: { c: 2, d: 3 } } }), null, fresh, making);
    expect(differs(row, { ...row, updatedAt: later.now, metadata: { b: { d: 3, c: 2 }, a: 1 } })).toBe(false);
    expect(differs(row, { ...row, rpmLimit: 1 })).toBe(true);
  });
});
