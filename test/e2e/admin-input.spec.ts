/** Whatever is sent to the admin API: a clear refusal that names the field and its limit, never an internal error. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSuite, type Suite } from '#testing';
import { adminRoutes } from '../../apps/ingress/admin/roles.js';

let suite: Suite;

beforeAll(async () => {
  suite = await startSuite({ config: { model_list: [] } });
  await suite.fetch('/key/generate', { method: 'POST', body: { key: 'sk-known-key-1', key_alias: 'known' } });
  await suite.fetch('/team/new', { method: 'POST', body: { team_id: 'known-team' } });
  await suite.fetch('/user/new', { method: 'POST', body: { user_id: 'known-user' } });
});
afterAll(() => suite?.stop());

interface Refusal {
  readonly status: number;
  readonly error: {
    readonly message: string;
    readonly type: string;
    readonly param: string | null;
    readonly code: string;
  };
}

async function send(method: string, path: string, body?: string | Uint8Array<ArrayBuffer>): Promise<Refusal> {
  const response = await fetch(`${suite.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${suite.adminKey}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body }),
  });
  const answer = (await response.json()) as { error?: Refusal['error'] };
  return { status: response.status, error: answer.error ?? { message: '', type: '', param: null, code: '' } };
}

const posts = adminRoutes
  .filter((route) => route.startsWith('POST '))
  .map((route) => route.slice(5).replace(':key', 'sk-known-key-1').replace(':id', 'nowhere'));
const withoutBody = new Set([
  '/key/sk-known-key-1/regenerate',
  '/user/new',
  '/user/generate',
  '/global/spend/end_users',
]);
const nested = `{"metadata":${'{"a":'.repeat(5_000)}1${'}'.repeat(5_001)}`;

describe.each([
  ['no JSON', 'key=sk-1', 400],
  ['half of a JSON text', '{"key":', 400],
  ['a list', '[]', 400],
  ['a text', '"sk-1"', 400],
  ['null', 'null', 400],
  ['bytes that are no text', new Uint8Array([0x7b, 0xff, 0xfe, 0x7d]), 400],
  ['a number too large for any', '{"max_budget":1e400}', 400],
  ['NUL in a field', '{"metadata":{"a":"x\\u0000"}}', 400],
  ['half a character in a field', '{"key_alias":"\\ud800"}', 400],
  ['a tree without end', nested, 400],
])('%s', (_what, body, status) => {
  it.each(posts)('is refused by %s', async (path) => {
    const refused = await send('POST', path, body);
    // There is no such host: that is said first.
    expect(refused.status).toBe(path.startsWith('/backends/') ? 404 : status);
    expect(refused.error.message).not.toBe('');
  });
});

it.each(posts.filter((path) => !withoutBody.has(path)))('no body is refused by %s', async (path) => {
  const refused = await send('POST', path);
  expect(refused.status).toBe(path.startsWith('/backends/') ? 404 : 400);
});

/** Route, body, the parameter that is named, and what must be in the message. */
const bodies: readonly (readonly [route: string, body: object, param: string, message: string])[] = [
  ['/key/generate', { max_budget: '10' }, 'max_budget', 'USD'],
  ['/key/generate', { max_budget: -1 }, 'max_budget', 'negative'],
  ['/key/generate', { max_budget: 1e300 }, 'max_budget', '9000000'],
  ['/key/generate', { soft_budget: [] }, 'soft_budget', 'USD'],
  ['/key/generate', { budget_duration: 'soon' }, 'budget_duration', '30d'],
  ['/key/generate', { budget_duration: 30 }, 'budget_duration', '30d'],
  ['/key/generate', { budget_duration: '0d' }, 'budget_duration', '30d'],
  ['/key/generate', { budget_reset_at: '25:00' }, 'budget_reset_at', '06:30'],
  ['/key/generate', { duration: 'forever' }, 'duration', 'a duration'],
  ['/key/generate', { duration: '99999999999d' }, 'duration', 'a duration'],
  ['/key/generate', { expires: 'tomorrow' }, 'expires', 'ISO'],
  ['/key/generate', { rpm_limit: -5 }, 'rpm_limit', 'negative'],
  ['/key/generate', { rpm_limit: 1.5 }, 'rpm_limit', 'whole'],
  ['/key/generate', { rpm_limit: 1e12 }, 'rpm_limit', '2147483647'],
  ['/key/generate', { tpm_limit: '9' }, 'tpm_limit', 'whole'],
  ['/key/generate', { max_parallel_requests: true }, 'max_parallel_requests', 'whole'],
  ['/key/generate', { models: 'gpt-4o' }, 'models', 'list'],
  ['/key/generate', { models: [''] }, 'models', 'empty'],
  ['/key/generate', { models: [1] }, 'models', 'text'],
  ['/key/generate', { model_max_budget: { a: { budget_limit: '1' } } }, 'model_max_budget', 'a'],
  ['/key/generate', { model_max_budget: { a: { budget_limit: 1, time_period: 'x' } } }, 'model_max_budget', 'a'],
  ['/key/generate', { model_rpm_limit: { a: -1 } }, 'model_rpm_limit', 'negative'],
  ['/key/generate', { model_tpm_limit: 5 }, 'model_tpm_limit', 'object'],
  ['/key/generate', { team_id: 'a b' }, 'team_id', '128'],
  ['/key/generate', { user_id: '' }, 'user_id', '128'],
  ['/key/generate', { key_alias: 'x'.repeat(257) }, 'key_alias', '256'],
  ['/key/generate', { key_alias: 5 }, 'key_alias', 'text'],
  ['/key/generate', { key_alias: 'known' }, 'key_alias', 'another key'],
  ['/key/generate', { key: 'short' }, 'key', 'sk-'],
  ['/key/generate', { key: 'sk-known-key-1' }, 'key', 'exists'],
  ['/key/generate', { metadata: [] }, 'metadata', 'object'],
  ['/key/generate', { metadata: { a: 'x'.repeat(70_000) } }, 'metadata', '65536'],
  ['/key/generate', { tags: {} }, 'tags', 'list'],
  ['/key/generate', { aliases: { a: 1 } }, 'aliases', 'text'],
  ['/key/generate', { priority: 'urgent' }, 'priority', 'batch'],
  ['/key/generate', { data_policy: 'secret' }, 'data_policy', 'local'],
  ['/key/generate', { blocked: 'yes' }, 'blocked', 'true or false'],
  ['/key/generate', { role: 'owner' }, 'role', 'admin'],
  ['/key/generate', { max_wait: -1 }, 'max_wait', '86400'],
  ['/key/generate', { spend: -1 }, 'spend', 'negative'],
  ['/key/generate', { temp_budget_increase: -1 }, 'temp_budget_increase', 'negative'],
  ['/key/generate', { temp_budget_increase: 1 }, 'temp_budget_expiry', 'together'],
  ['/key/generate', { temp_budget_expiry: 'soon' }, 'temp_budget_expiry', 'duration'],
  ['/key/generate', { max_budgt: 5 }, 'max_budgt', 'did you mean max_budget'],
  ['/key/update', {}, 'key', 'Missing'],
  ['/key/update', { key: 5 }, 'key', 'text'],
  ['/key/update', { key: 'sk-known-key-1', new_key: 'sk-other-key' }, 'new_key', 'cannot'],
  ['/key/update', { key: 'sk-known-key-1', rpm_limit: -1 }, 'rpm_limit', 'negative'],
  ['/key/delete', {}, 'keys', 'keys'],
  ['/key/delete', { keys: 'sk-known-key-1' }, 'keys', 'list'],
  ['/key/delete', { keys: [5] }, 'keys.0', 'text'],
  ['/key/delete', { keys: Array.from({ length: 501 }, (_, i) => `sk-none-${i}`) }, 'keys', '500'],
  ['/key/delete', { key_aliases: ['x'.repeat(257)] }, 'key_aliases.0', '256'],
  ['/key/delete', { key_aliases: [''] }, 'key_aliases.0', 'empty'],
  ['/key/block', {}, 'key', 'Missing'],
  ['/key/unblock', { key: {} }, 'key', 'text'],
  ['/key/block', { key: 'x'.repeat(300) }, 'key', '256'],
  ['/key/regenerate', {}, 'key', 'Missing'],
  ['/key/regenerate', { key: 'sk-known-key-1', new_key: 'x' }, 'new_key', 'sk-'],
  ['/key/regenerate', { key: 'sk-known-key-1', grace_period: 'soon' }, 'grace_period', '30m'],
  ['/key/regenerate', { key: 'sk-known-key-1', grace_period: 30 }, 'grace_period', '30m'],
  ['/team/new', { team_id: 'a b' }, 'team_id', '128'],
  ['/team/new', { team_id: 'known-team' }, 'team_id', 'exists'],
  ['/team/new', { team_alias: 5 }, 'team_alias', 'text'],
  ['/team/new', { max_budget: -1 }, 'max_budget', 'negative'],
  ['/team/new', { members_with_roles: [{ role: 'admin' }] }, 'members_with_roles', 'user_email'],
  ['/team/new', { key: 'sk-12345678' }, 'key', 'cannot'],
  ['/team/update', {}, 'team_id', 'Missing'],
  ['/team/update', { team_id: 'known-team', tpm_limit: -1 }, 'tpm_limit', 'negative'],
  ['/team/update', { team_id: 'x'.repeat(129) }, 'team_id', '128'],
  ['/team/delete', {}, 'team_ids', 'Missing'],
  ['/team/delete', { team_ids: [] }, 'team_ids', 'at least one'],
  ['/team/delete', { team_ids: ['x'.repeat(129)] }, 'team_ids.0', '128'],
  ['/team/block', { team_id: 5 }, 'team_id', 'text'],
  ['/team/unblock', {}, 'team_id', 'Missing'],
  ['/team/member_add', { team_id: 'known-team' }, 'member', 'Missing'],
  ['/team/member_add', { team_id: 'known-team', member: 'ada' }, 'member.0', 'user_id'],
  ['/team/member_add', { team_id: 'known-team', member: [] }, 'member', 'at least one'],
  ['/team/member_add', { team_id: 'known-team', member: { user_id: 'a b' } }, 'member.0.user_id', '128'],
  [
    '/team/member_add',
    { team_id: 'known-team', member: { user_id: 'a', role: 'boss' } },
    'member.0.role',
    'admin or user',
  ],
  [
    '/team/member_add',
    { team_id: 'known-team', member: { user_id: 'a', max_budget_in_team: -1 } },
    'member.0.max_budget_in_team',
    'negative',
  ],
  [
    '/team/member_add',
    { team_id: 'known-team', member: { user_id: 'a', max_budget_in_team: 1e300 } },
    'member.0.max_budget_in_team',
    '9000000',
  ],
  ['/team/member_add', { team_id: 'known-team', member: { role: 'user' } }, 'member.0.user_id', 'Missing'],
  [
    '/team/member_add',
    { team_id: 'known-team', member: { user_id: 'a' }, max_budget_in_team: -1 },
    'max_budget_in_team',
    'negative',
  ],
  ['/team/member_delete', { team_id: 'known-team', user_email: 'no@example.org' }, 'user_email', 'no@example.org'],
  ['/team/member_update', { team_id: 'known-team' }, 'user_id', 'Missing'],
  ['/team/member_update', { team_id: 'known-team', user_id: 'stranger' }, 'user_id', 'stranger'],
  [
    '/team/member_update',
    { team_id: 'known-team', user_id: 'a', max_budget_in_team: '5' },
    'max_budget_in_team',
    'USD',
  ],
  ['/team/member_delete', { team_id: 'known-team' }, 'user_id', 'Missing'],
  ['/team/member_delete', { team_id: 'known-team', user_id: 'stranger' }, 'user_id', 'stranger'],
  ['/user/new', { user_id: 'a b' }, 'user_id', '128'],
  ['/user/new', { user_id: 'known-user' }, 'user_id', 'exists'],
  ['/user/new', { user_email: 'nobody' }, 'user_email', 'e-mail'],
  ['/user/new', { user_role: 'king' }, 'user_role', 'proxy_admin'],
  ['/user/new', { auto_create_key: 'no' }, 'auto_create_key', 'true or false'],
  ['/user/new', { teams: 'a' }, 'teams', 'list'],
  ['/user/update', { user_id: 'known-user', max_budget: 'x' }, 'max_budget', 'USD'],
  ['/user/update', {}, 'user_id', 'Missing'],
  ['/user/delete', { user_ids: 'known-user' }, 'user_ids', 'list'],
  ['/user/block', {}, 'user_id', 'Missing'],
  ['/user/unblock', { user_id: [] }, 'user_id', 'text'],
];

it.each(bodies)('POST %s %j names %s', async (path, body, param, message) => {
  const { status, error } = await send('POST', path, JSON.stringify(body));
  expect({ status, ...error }).toMatchObject({ status: 400, code: 'invalid_request', param });
  expect(error.message).toContain(message);
});

const queries: readonly (readonly [path: string, param: string, message: string])[] = [
  ['/key/list?size=101', 'size', 'from 1 to 100'],
  ['/key/list?size=-1', 'size', 'from 1 to 100'],
  ['/key/list?size=ten', 'size', 'from 1 to 100'],
  ['/key/list?page=0', 'page', 'from 1'],
  ['/key/list?page=99999999', 'page', '1000000'],
  ['/key/list?page=1&page=2', 'page', 'once'],
  ['/key/list?key_alias=%00', 'key_alias', 'NUL'],
  [`/key/list?team_id=${'x'.repeat(129)}`, 'team_id', '128'],
  ['/key/list?sort_by=secret', 'sort_by', 'created_at'],
  ['/key/list?sort_order=up', 'sort_order', 'asc, desc'],
  ['/key/list?return_full_object=5', 'return_full_object', 'true or false'],
  [`/key/info?key=${'x'.repeat(200)}`, 'key', 'token'],
  ['/key/info', 'key', 'master key'],
  ['/team/info', 'team_id', 'Missing'],
  ['/team/list?size=1000', 'size', 'from 1 to 100'],
  ['/user/info', 'user_id', 'Missing'],
  ['/user/list?page_size=1000', 'page_size', 'from 1 to 100'],
  ['/audit?limit=501', 'limit', 'from 1 to 500'],
  ['/audit?before=x', 'before', 'whole'],
  ['/audit?target_kind=model', 'target_kind', 'key, team, user'],
  ['/spend/logs?limit=0', 'limit', 'from 1 to 500'],
  ['/spend/logs?start_date=yesterday', 'start_date', '2026-11-20'],
  ['/spend/logs?start_date=2026-02-30&summarize=false', 'start_date', '2026-11-20'],
  ['/spend/logs?start_date=0000-01-01', 'start_date', '2026-11-20'],
  [`/spend/logs?start_date=${'1'.repeat(41)}`, 'start_date', '40'],
  ['/spend/logs?cursor=nonsense', 'cursor', 'ours'],
  [`/spend/logs?cursor=${'a'.repeat(401)}`, 'cursor', '400'],
  [`/spend/logs?tags=${Array.from({ length: 21 }, String).join(',')}`, 'tags', '20'],
  ['/spend/logs?status=odd', 'status', 'success, failure'],
  ['/spend/logs?format=xml', 'format', 'csv'],
  ['/spend/logs?summarize=perhaps', 'summarize', 'true or false'],
  ['/spend/tags?end_date=2026-13-01', 'end_date', '2026-11-20'],
  ['/spend/keys?start_date=x', 'start_date', '2026-11-20'],
  ['/spend/users?start_date=x', 'start_date', '2026-11-20'],
  ['/global/spend/report?group_by=planet', 'group_by', 'team'],
  ['/global/spend/report?start_date=2026-11-20&end_date=2026-11-01', 'end_date', 'before'],
  ['/global/spend/keys?end_date=x', 'end_date', '2026-11-20'],
  ['/global/spend/teams?end_date=x', 'end_date', '2026-11-20'],
  ['/global/spend/models?end_date=x', 'end_date', '2026-11-20'],
  ['/global/spend/provider?end_date=x', 'end_date', '2026-11-20'],
  ['/global/spend/keys?limit=0', 'limit', 'from 1 to 1000'],
  ['/global/spend/tags?end_date=x', 'end_date', '2026-11-20'],
  ['/global/spend/logs?end_date=x', 'end_date', '2026-11-20'],
  ['/user/daily/activity?end_date=x', 'end_date', '2026-11-20'],
  ['/team/daily/activity?start_date=x', 'start_date', '2026-11-20'],
  ['/key/aliases?size=101', 'size', 'from 1 to 100'],
  ['/global/activity?start_date=x', 'start_date', '2026-11-20'],
  ['/global/activity/model?start_date=x', 'start_date', '2026-11-20'],
];

it.each(queries)('GET %s names %s', async (path, param, message) => {
  const { status, error } = await send('GET', path);
  expect({ status, ...error }).toMatchObject({ status: 400, code: 'invalid_request', param });
  expect(error.message).toContain(message);
});

it.each([
  ['GET', '/key/info?key=sk-nobody-has-this', undefined],
  ['POST', '/key/update', { key: 'sk-nobody-has-this' }],
  ['POST', '/key/delete', { keys: ['sk-nobody-has-this'] }],
  ['POST', '/key/delete', { key_aliases: ['nobody'] }],
  ['POST', '/key/block', { key: 'nobody' }],
  ['POST', '/key/regenerate', { key: 'nobody' }],
  ['POST', '/key/nobody/regenerate', undefined],
  ['GET', '/team/info?team_id=nobody', undefined],
  ['POST', '/team/update', { team_id: 'nobody' }],
  ['POST', '/team/delete', { team_ids: ['nobody'] }],
  ['POST', '/team/block', { team_id: 'nobody' }],
  ['POST', '/team/member_add', { team_id: 'nobody', member: { user_id: 'known-user' } }],
  ['GET', '/user/info?user_id=nobody', undefined],
  ['POST', '/user/update', { user_id: 'nobody' }],
  ['POST', '/user/delete', { user_ids: ['nobody'] }],
  ['POST', '/user/unblock', { user_id: 'nobody' }],
  ['POST', '/backends/nobody/drain', { draining: true }],
])('%s %s %j: there is no such thing', async (method, path, body) => {
  const { status, error } = await send(method, path, body === undefined ? undefined : JSON.stringify(body));
  expect({ status, code: error.code }).toEqual({ status: 404, code: 'not_found' });
});

it('makes no key with the value of the master key', async () => {
  const key = JSON.stringify({ key: suite.adminKey });
  expect(await send('POST', '/key/generate', key)).toMatchObject({ status: 400, error: { param: 'key' } });
  const renewed = JSON.stringify({ new_key: suite.adminKey });
  const path = '/key/sk-known-key-1/regenerate';
  expect(await send('POST', path, renewed)).toMatchObject({ status: 400, error: { param: 'new_key' } });
});

it('takes a body that was made from an answer', async () => {
  const info = (await (await suite.fetch('/key/info?key=sk-known-key-1')).json()) as { info: object };
  const changed = await suite.fetch('/key/update', {
    method: 'POST',
    body: { ...info.info, key: 'sk-known-key-1', rpm_limit: 7 },
  });
  expect(changed.status).toBe(200);
  expect(await changed.json()).toMatchObject({ rpm_limit: 7, key_alias: 'known' });
});

it('leaves no error of its own in any log', () => {
  const failures = [...suite.records('ingress'), ...suite.records('accounting')].filter(
    (record) => record['msg'] === 'a request failed' || record['msg'] === 'a request handler failed',
  );
  expect(failures).toEqual([]);
});
