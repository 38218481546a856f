/** What LiteLLM's users know of its proxy beside the common routes: more routes, limits of members, who may look. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OpenAiUpstream, startSuite, type Suite } from '#testing';

let suite: Suite;
let cloud: OpenAiUpstream;
let key: string;
let token: string;

beforeAll(async () => {
  cloud = await OpenAiUpstream.start();
  cloud.script.default({ promptTokens: 10, outputTokens: 100 });
  const entry = (name: string, more: object) => ({
    model_name: name,
    litellm_params: { model: `openai/${name}-up`, api_base: `${cloud.url}/v1`, api_key: 'sk-up', ...more },
  });
  suite = await startSuite({
    config: {
      general_settings: { user_header_name: 'X-OpenWebUI-User-Id' },
      model_list: [
        entry('paid', { input_cost_per_token: 0.000001, output_cost_per_token: 0.001 }),
        entry('unpriced', {}),
      ],
    },
  });
  ({ key, token } = await made({ key_alias: 'counted', models: ['paid', 'unpriced'], tags: ['lamp'] }));
});

afterAll(async () => {
  await suite?.stop();
  await cloud?.stop();
});

async function made(fields: object): Promise<{ key: string; token: string }> {
  const response = await suite.fetch('/key/generate', { method: 'POST', body: fields });
  return (await response.json()) as { key: string; token: string };
}

async function call(path: string, body?: object, as?: string) {
  const response = await suite.fetch(path, {
    ...(body === undefined ? {} : { method: 'POST', body }),
    ...(as === undefined ? {} : { headers: { authorization: `Bearer ${as}` } }),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

const messages = [{ role: 'user', content: 'Which lamp is lit?' }];
const ask = (model = 'paid', more: object = {}, as = key) =>
  call('/v1/chat/completions', { model, messages, max_tokens: 100, ...more }, as);
const askWith = (as: string) => ask('paid', {}, as);

describe('the utilities', () => {
  it('count the tokens of messages, prompts and contents for models that the key may use', async () => {
    const ofMessages = await call('/utils/token_counter', { model: 'paid', messages }, key);
    expect(ofMessages).toMatchObject({
      status: 200,
      body: { total_tokens: expect.any(Number), request_model: 'paid', model_used: 'paid-up' },
    });
    const prompt = await call('/utils/token_counter', { model: 'paid', prompt: 'Which lamp is lit?' }, key);
    const several = { model: 'paid', prompt: ['Which lamp', ' is lit?'] };
    const contents = { model: 'paid', contents: [{ role: 'user', parts: [{ text: 'Which lamp is lit?' }] }] };
    expect(prompt.body['total_tokens']).toBeLessThan(Number(ofMessages.body['total_tokens']));
    expect((await call('/utils/token_counter', several, key)).body['total_tokens']).toBeGreaterThan(0);
    expect((await call('/utils/token_counter', contents, key)).body).toEqual(prompt.body);
    for (const [wrong, status] of [
      [{ model: 'paid' }, 400],
      [{ messages }, 400],
      [{ model: 'paid', prompt: 5 }, 400],
      [{ model: 'paid', messages: 'x' }, 400],
      [{ model: 'no-such', messages }, 404],
    ] as const)
      expect([wrong, (await call('/utils/token_counter', wrong, key)).status]).toEqual([wrong, status]);
    const { key: other } = await made({ models: ['unpriced'] });
    expect((await call('/utils/token_counter', { model: 'paid', messages }, other)).status).toBe(403);
    expect((await call('/utils/token_counter', { model: 'paid', messages }, 'sk-nobodys-key')).status).toBe(401);
  });

  it('say what an answer cost, to the nano-dollar', async () => {
    const response = (await ask()).body;
    const priced = { completion_response: { ...response, model: 'paid' } };
    expect(await call('/spend/calculate', priced, key)).toEqual({ status: 200, body: { cost: 0.10001 } });
    const prompt = await call('/spend/calculate', { model: 'paid', messages }, key);
    expect(prompt.body['cost']).toBeGreaterThan(0);
    expect(prompt.body['cost']).toBeLessThan(0.001);
    expect((await call('/spend/calculate', { model: 'unpriced', messages }, key)).body).toMatchObject({
      error: { code: 'model_not_priced' },
    });
    expect((await call('/spend/calculate', {}, key)).status).toBe(400);
  });
});

describe('/spend/logs/v2', () => {
  it('has numbered pages that hold every row once', async () => {
    for (let i = 0; i < 4; i += 1) expect((await ask('paid', { user: `visitor-${i % 2}` })).status).toBe(200);
    const page = async (query: string, as?: string) => (await call(`/spend/logs/v2?${query}`, undefined, as)).body;
    await expect.poll(async () => (await page(`api_key=${token}`))['total']).toBe(5);
    const ids: unknown[] = [];
    for (const number of [1, 2, 3]) {
      const one = await page(`api_key=${key}&page=${number}&page_size=2`);
      expect(one).toMatchObject({ total: 5, page: number, page_size: 2, total_pages: 3 });
      ids.push(...(one['data'] as { request_id: string }[]).map(({ request_id }) => request_id));
    }
    expect(new Set(ids).size).toBe(5);
    expect(await page('page=9', key)).toMatchObject({ data: [], total: 5, total_pages: 1 });
    const today = new Date().toISOString().slice(0, 10);
    const times = `start_date=${today} 00:00:00&end_date=${today} 23:59:59`;
    expect(await page(`${times}&status_filter=success&min_spend=0.1&max_spend=1`)).toMatchObject({ total: 5 });
    expect(await page('end_user=visitor-1&sort_by=spend&sort_order=asc')).toMatchObject({ total: 2 });
    expect(await page('status_filter=failure', key)).toMatchObject({ total: 0, total_pages: 0 });
    expect(await page('end_date=2020-01-01')).toMatchObject({ total: 0 });
    const { key: other } = await made({});
    expect(await page(`api_key=${token}`, other)).toMatchObject({ total: 0, data: [] });
    for (const wrong of [
      'page=0',
      'page_size=501',
      'sort_by=model',
      'status_filter=odd',
      'min_spend=-1',
      'start_date=x',
    ])
      expect([wrong, (await call(`/spend/logs/v2?${wrong}`)).status]).toEqual([wrong, 400]);
  });

  it('knows end users by LiteLLM\u2019s headers too', async () => {
    const headers = { authorization: `Bearer ${key}`, 'x-litellm-customer-id': 'by-header' };
    const body = { model: 'paid', messages, max_tokens: 100, user: 'in-body' };
    expect((await suite.fetch('/v1/chat/completions', { method: 'POST', body, headers })).status).toBe(200);
    const total = async () => (await call('/spend/logs/v2?end_user=by-header')).body['total'];
    await expect.poll(total).toBe(1);
    const byConfig = { authorization: `Bearer ${key}`, 'x-openwebui-user-id': 'web-user' };
    expect((await suite.fetch('/v1/chat/completions', { method: 'POST', body, headers: byConfig })).status).toBe(200);
    await expect.poll(async () => (await call('/spend/logs/v2?end_user=web-user')).body['total']).toBe(1);
  });

  it('has end users and names of tags beside it', async () => {
    expect((await call('/global/spend/end_users', { api_key: token })).body).toEqual(
      expect.arrayContaining([{ end_user: 'visitor-0', total_count: 2, total_spend: 0.20002 }]),
    );
    expect((await call('/global/spend/end_users', { api_key: 'nobody' })).body).toEqual([]);
    expect((await call('/global/spend/end_users', {}, key)).status).toBe(403);
    expect((await call('/global/spend/all_tag_names')).body).toEqual({ tag_names: ['lamp'] });
  });
});

describe('several at once', () => {
  it('keys are shown and changed, each on its own', async () => {
    const [one, two] = [await made({}), await made({})];
    const infos = await call('/v2/key/info', { keys: [one.key, two.token, 'sk-nobodys-key'] });
    expect(infos.body).toMatchObject({ info: [{ token: one.token }, { token: two.token }] });
    const keys = [
      { key: one.key, max_budget: 3 },
      { key: two.token, max_budget: -1 },
      { key: 'sk-nobodys-key', max_budget: 1 },
    ];
    expect((await call('/key/bulk_update', { keys })).body).toMatchObject({
      total_requested: 3,
      successful_updates: [{ key: one.key, key_info: { max_budget: 3 } }],
      failed_updates: [
        { key: two.token, failed_reason: 'max_budget: must not be negative' },
        { key: 'sk-nobodys-key', failed_reason: 'Key not found in database' },
      ],
    });
    expect((await call('/key/bulk_update', { keys: [] })).status).toBe(400);
    expect((await call('/key/bulk_update', { keys }, key)).status).toBe(403);
  });

  it('users are changed, and counted when they are deleted', async () => {
    for (const user_id of ['ada', 'bob']) await call('/user/new', { user_id, auto_create_key: false });
    const users = [
      { user_id: 'ada', max_budget: 7 },
      { user_id: 'nobody', max_budget: 7 },
    ];
    expect((await call('/user/bulk_update', { users })).body).toMatchObject({
      successful_updates: 1,
      failed_updates: 1,
      results: [
        { user_id: 'ada', success: true, updated_user: { max_budget: 7 } },
        { user_id: 'nobody', success: false, error: expect.any(String) },
      ],
    });
    expect((await call('/user/delete', { user_ids: ['ada', 'bob'] })).body).toBe(2);
  });
});

describe('a budget for one model', () => {
  it('shows what is spent of it', async () => {
    const model_max_budget = { paid: { budget_limit: 0.15, time_period: '1d' }, unpriced: 1 };
    const own = await made({ model_max_budget });
    expect(own).toMatchObject({ model_spend: { paid: 0, unpriced: 0 } });
    expect((await askWith(own.key)).status).toBe(200);
    const info = async () => (await call(`/key/info?key=${own.token}`)).body['info'] as Record<string, unknown>;
    await expect.poll(async () => (await info())['model_spend']).toEqual({ paid: 0.10001, unpriced: 0 });
    expect((await askWith(own.key)).body).toMatchObject({
      error: { message: expect.stringContaining('of $0.15, $0.10001 used') },
    });
    // A body made from an answer changes nothing and warns of nothing.
    expect((await call('/key/update', { ...(await info()), key: own.token })).body['warnings']).toBeUndefined();
  });
});

describe('a part of one', () => {
  it('is the spend of a key, which may be set back but not up', async () => {
    const { status, body } = await call(`/key/${token}/reset_spend`, { reset_to: 0.1 });
    expect([status, body['spend'], body['key_hash']]).toEqual([200, 0.1, token]);
    expect(body['previous_spend']).toBeCloseTo(0.70007, 6);
    for (const reset_to of [5, -1, '0', null])
      expect((await call(`/key/${token}/reset_spend`, { reset_to })).status).toBe(400);
  });

  it('is a model of a team; without its last one a team has none, not all', async () => {
    const { team_id } = (await call('/team/new', { models: ['paid'] })).body as { team_id: string };
    const change = async (how: 'add' | 'delete', models: unknown) =>
      (await call(`/team/model/${how}`, { team_id, models: models as string[] })).body['models'];
    expect(await change('add', ['unpriced', 'paid'])).toEqual(['paid', 'unpriced']);
    expect(await change('delete', ['paid', 'unpriced'])).toEqual(['no-default-models']);
    expect(await change('add', ['paid'])).toEqual(['paid']);
    expect((await call('/team/model/add', { team_id, models: 'paid' })).status).toBe(400);
    expect((await call('/v2/team/list?page_size=1')).body).toMatchObject({
      teams: [{ team_id }],
      total: 1,
      page_size: 1,
    });
    expect(Object.keys((await call('/user/available_roles')).body)).toContain('proxy_admin');
  });
});

describe('members of a team', () => {
  it('have a rate of their own, or the one that all have', async () => {
    await call('/team/new', { team_id: 'crew', team_member_rpm_limit: 1 });
    const member = { user_id: 'cy', rpm_limit: 2 };
    expect((await call('/team/member_add', { team_id: 'crew', member })).body).toMatchObject({
      team_member_rpm_limit: 1,
      members_with_roles: [{ user_id: 'cy', rpm_limit: 2, tpm_limit: null }],
    });
    const [one, two] = [await made({ team_id: 'crew', user_id: 'cy' }), await made({ team_id: 'crew', user_id: 'cy' })];
    for (const [as, status] of [
      [one, 200],
      [two, 200],
      [one, 429],
    ] as const)
      expect((await askWith(as.key)).status).toBe(status);
    const guest = await made({ team_id: 'crew', user_id: 'guest' });
    expect((await askWith(guest.key)).status).toBe(200);
    expect((await askWith(guest.key)).body).toMatchObject({
      error: { message: expect.stringContaining("1 requests per minute for user 'guest' in team 'crew'") },
    });
    await call('/team/member_update', { team_id: 'crew', user_id: 'cy', rpm_limit: 50 });
    await expect.poll(async () => (await askWith(one.key)).status, { timeout: 3_000 }).toBe(200);
    for (const wrong of [{ rpm_limit: -1 }, { tpm_limit: 1.5 }, { rpm_limit: 'x' }])
      expect((await call('/team/member_update', { team_id: 'crew', user_id: 'cy', ...wrong })).status).toBe(400);
  });

  it('spend under the tags in the metadata of key and team', async () => {
    await call('/team/new', { team_id: 'tagged', metadata: { tags: ['of-team'] } });
    const tagged = await made({ team_id: 'tagged', tags: ['of-key'], metadata: { tags: ['kept'] } });
    expect((await askWith(tagged.key)).status).toBe(200);
    const rows = async () => (await call(`/spend/logs/v2?api_key=${tagged.token}`)).body['data'] as object[];
    await expect.poll(async () => (await rows())[0]).toMatchObject({ request_tags: ['of-key', 'kept', 'of-team'] });
  });
});

describe('who may only look', () => {
  it('reads everything and changes nothing, as proxy_admin_viewer', async () => {
    const viewer = String((await call('/user/new', { user_role: 'proxy_admin_viewer' })).body['key']);
    const other = await made({ user_id: 'seen' });
    expect((await call(`/key/info?key=${other.token}`, undefined, viewer)).body).toMatchObject({
      info: { user_id: 'seen' },
    });
    expect((await call('/user/list', undefined, viewer)).status).toBe(200);
    expect((await call('/spend/logs/v2', undefined, viewer)).body['total']).toBeGreaterThan(0);
    for (const [path, body] of [
      ['/key/generate', {}],
      ['/key/update', { key: other.token, max_budget: 9 }],
      ['/user/delete', { user_ids: ['seen'] }],
    ] as const)
      expect([path, (await call(path, body, viewer)).status]).toEqual([path, 403]);
  });

  it('sees itself and nobody else, as any user', async () => {
    await call('/team/new', { team_id: 'secretive', team_alias: 'quiet', max_budget: 77 });
    const user = await call('/user/new', { user_id: 'looker', teams: ['secretive'], max_budget: 5 });
    const own = String(user.body['key']);
    const shown = { user_id: 'looker', user_info: { max_budget: 5 }, keys: [{ user_id: 'looker' }] };
    expect((await call('/user/info', undefined, own)).body).toMatchObject(shown);
    expect((await call('/user/info?user_id=looker', undefined, own)).body['teams']).toEqual([
      { team_id: 'secretive', team_alias: 'quiet' },
    ]);
    expect((await call('/user/info?user_id=seen', undefined, own)).status).toBe(403);
    const { key: nobodys } = await made({});
    expect((await call('/user/info', undefined, nobodys)).body).toMatchObject({ error: { param: 'user_id' } });
  });
});
