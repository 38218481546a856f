import { describe, expect, it } from 'vitest';
import { insteadOf } from './not-here.js';

describe('insteadOf', () => {
  it.each([
    ['/budget/new', 'max_budget'],
    ['/customer/info', 'group_by=customer'],
    ['/end_user/new', 'group_by=customer'],
    ['/tag/list', '/spend/tags'],
    ['/organization/new', 'teams'],
    ['/model/new', 'config file'],
    ['/config/update', 'config file'],
    ['/health/test_connection', '/health'],
    ['/spend/logs/ui/req_1', 'request_id='],
    ['/global/spend/reset', 'spend'],
    ['/v1/files', 'provider'],
    ['/batches/b1', 'provider'],
  ])('%s is told: %s', (path, hint) => {
    expect(insteadOf(path)).toContain(hint);
  });

  it.each(['/', '/nonsense', '/budgets', '/v1/chat/completion', '/model/info'])('%s is only unknown', (path) => {
    expect(insteadOf(path)).toBeNull();
  });
});
