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
    ['/v1/responses/resp_1', 'keeps no answers'],
    ['/chat/completions/chatcmpl-1', 'keeps no answers'],
    ['/v1/v1/messages', 'base URL'],
  ])('%s is told: %s', (path, hint) => {
    expect(insteadOf(path)).toContain(hint);
  });

  it.each(['/', '/nonsense', '/budgets', '/v1/chat/completion', '/v1/chat/completions', '/model/info'])(
    '%s is only unknown',
    (path) => {
      expect(insteadOf(path)).toBeNull();
    },
  );
});
