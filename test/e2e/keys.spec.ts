/** Keys, teams and users as the scripts of LiteLLM's users call them. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OpenAiUpstream, startSuite, type Suite } from '#testing';

type Json = Record<string, unknown>;

let suite: Suite;
let cloud: OpenAiUpstream;
/** A dollar for each thousand output tokens, input free: an answer costs 0.10. */
const costUsd = 0.1;

const config = () => {
  const params = (more: object = {}) => ({
    api_base: `${cloud.url}/v1`,
    api_key: 'sk-up',
    input_cost_per_token: 0,
    output_cost_per_token: 0.001,
    ...more,
  });
  return {
    model_list: [
      { model_name: 'paid', litellm_params: { model: 'openai/paid', ...params() } },
      { model_name: 'other', litellm_params: { model: 'openai/other', ...params() } },
      {
        model_name: 'grouped',
        litellm_params: { model: 'openai/grouped', ...params() },
        model_info: { access_groups: ['beta-testers'] },
      },
    ],
    key_management: { keys: [{ key_alias: 'from-config', key: 'sk-from-the-config-1', max_budget: 0.3 }] },
    signalbox: { timezone: 'Asia/Tokyo' },
  };
};

beforeAll(async () => {
  cloud = await OpenAiUpstream.start();
  cloud.script.default({ promptTokens: 10, outputTokens: 100 });
  suite = await startSuite({ config: config() });
});
afterAll(async () => {
  await suite?.stop();
  await cloud?.stop();
});

async function post(path: string, body: object, key = suite.adminKey): Promise<Json & { status: number }> {
  const response = await fetch(`${suite.url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { ...((await response.json()) as Json), status: response.status };
}
async function get<T = Json>(path: string, key = suite.adminKey): Promise<T> {
  const response = await fetch(`${suite.url}${path}`, { headers: { authorization: `Bearer ${key}` } });
  return (await response.json()) as T;
}
async function generate(fields: object): Promise<Json & { key: string; token: string }> {
  const made = await post('/key/generate', fields);
  expect(made.status).toBe(200);
  return made as unknown as Json & { key: string; token: string };
}
async function ask(key: string, model = 'paid'): Promise<{ status: number; code: string | null; message: string }> {
  const answer = await post(
    '/v1/chat/completions',
    { model, max_tokens: 100, messages: [{ role: 'user', content: 'Which lamp is lit?' }] },
    key,
  );
  const error = answer['error'] as { code: string; message: string } | undefined;
  return { status: answer.status, code: error?.code ?? null, message: error?.message ?? '' };
}
const info = async (key: string) => (await get<{ info: Json }>(`/key/info?key=${key}`)).info;

describe('a key', () => {
  it('is made with every field, and shown so but for its secret', async () => {
    const fields = {
      key_alias: 'everything',
      models: ['paid', 'beta-testers'],
      max_budget: 50,
      soft_budget: 40,
      budget_duration: '30d',
      budget_reset_at: '06:30',
      duration: '90d',
      rpm_limit: 100,
      rps_limit: 10,
      tpm_limit: 100_000,
      max_parallel_requests: 5,
      model_max_budget: { paid: { budget_limit: 5, time_period: '1d' } },
      model_rpm_limit: { paid: 50 },
      model_tpm_limit: { paid: 50_000 },
      team_id: 'everyone',
      user_id: 'ada@example.org',
      metadata: { owner: 'ada' },
      tags: ['job:a'],
      permissions: { get_spend_routes: true },
      aliases: { fast: 'paid' },
      priority: 'interactive',
      data_policy: 'may-train',
    };
    const made = await generate(fields);
    expect(made.key).toMatch(/^sk-[A-Za-z0-9_-]{22}$/);
    const { duration: _, budget_reset_at: _at, ...shown } = fields;
    expect(made).toMatchObject({
      ...shown,
      created_team: 'everyone',
      created_user: 'ada@example.org',
      key_name: `sk-...${made.key.slice(-4)}`,
      spend: 0,
      blocked: false,
      token_id: made.token,
    });
    // 06:30 in Tokyo is 21:30 of the day before in UTC.
    expect(made['budget_reset_at']).toMatch(/T21:30:00\.000Z$/);
    const days = (Date.parse(String(made['expires'])) - Date.now()) / 86_400_000;
    expect(days).toBeCloseTo(90, 1);
    expect(await info(made.key)).toMatchObject(shown);
    expect(JSON.stringify(await info(made.token))).not.toContain(made.key);
    expect(await ask(made.key, 'fast')).toMatchObject({ status: 200 });
    expect(await ask(made.key, 'grouped')).toMatchObject({ status: 200 });
    expect(await ask(made.key, 'other')).toMatchObject({ status: 403, code: 'model_not_allowed' });
  });

  it('has aliases, which are names of models for it and may be what it is allowed', async () => {
    const { key } = await generate({ models: ['mine'], aliases: { mine: 'paid' } });
    expect(await ask(key, 'mine')).toMatchObject({ status: 200 });
    expect(await ask(key, 'paid')).toMatchObject({ status: 403, code: 'model_not_allowed' });
    expect(await get('/v1/models', key)).toMatchObject({ data: [{ id: 'mine', owned_by: 'openai' }] });
    expect(await get('/v1/models/mine', key)).toMatchObject({ id: 'mine' });
    expect(await get('/v1/model/info', key)).toMatchObject({ data: [{ model_name: 'mine' }] });
    expect(await get('/v1/models/Mine', key)).toMatchObject({
      error: { code: 'model_not_found', message: expect.stringContaining("'mine'") },
    });
  });

  it('of a user is held to the models of the user, in lists and as a fallback too', async () => {
    await post('/user/new', { user_id: 'held', models: ['paid'], auto_create_key: false });
    const { key } = await generate({ user_id: 'held', aliases: { mine: 'paid' } });
    expect(await ask(key, 'mine')).toMatchObject({ status: 200 });
    expect(await ask(key, 'other')).toMatchObject({ status: 403, code: 'model_not_allowed' });
    expect((await get<{ data: Json[] }>('/v1/models', key)).data.map(({ id }) => id)).toEqual(['mine', 'paid']);
    const messages = [{ role: 'user', content: 'Hi' }];
    expect(await post('/v1/chat/completions', { model: 'paid', messages, fallbacks: ['other'] }, key)).toMatchObject({
      status: 403,
      error: { code: 'model_not_allowed', message: expect.stringContaining("'other'") },
    });
    expect(await post('/v1/messages/count_tokens', { model: 'other', messages }, key)).toMatchObject({ status: 403 });
  });

  it.each(['constructor', '__proto__', 'toString'])(
    'finds no model under %s, as under any other word',
    async (name) => {
      const { key } = await generate({ models: [] });
      expect(await ask(key, name)).toMatchObject({ status: 404, code: 'model_not_found' });
    },
  );

  it('is listed by page, filter and order', async () => {
    for (let n = 0; n < 5; n += 1) await generate({ key_alias: `list-${n}`, team_id: 'listed', max_budget: n });
    const page = await get(
      '/key/list?team_id=listed&page=2&size=2&sort_by=key_alias&sort_order=asc&return_full_object=true',
    );
    expect(page).toMatchObject({ total_count: 5, current_page: 2, total_pages: 3 });
    expect((page['keys'] as Json[]).map((key) => key['key_alias'])).toEqual(['list-2', 'list-3']);
    expect(await get('/key/list?key_alias=list-3')).toMatchObject({ total_count: 1, keys: [expect.any(String)] });
    expect(await get('/key/list?user_id=nobody')).toMatchObject({ total_count: 0, keys: [] });
  });

  it('is changed, blocked, let in again and deleted, each within a second', async () => {
    const { key, token } = await generate({ key_alias: 'changing', rpm_limit: 100 });
    expect(await get(`/key/info?key=${key}`)).toMatchObject({ key, info: { token } });
    expect(await ask(key)).toMatchObject({ status: 200 });
    expect(await post('/key/update', { key, models: ['other'], rpm_limit: null })).toMatchObject({
      status: 200,
      key,
      token,
      models: ['other'],
      rpm_limit: null,
    });
    const statusOf = async (model: string) => (await ask(key, model)).status;
    const within = { timeout: 1_500, interval: 50 };
    await expect.poll(() => statusOf('paid'), within).toBe(403);
    expect(await post('/key/block', { key })).toMatchObject({ status: 200, blocked: true });
    await expect.poll(() => statusOf('other'), within).toBe(401);
    expect((await ask(key, 'other')).message).toContain('blocked');
    expect(await post('/key/unblock', { key: token })).toMatchObject({ status: 200, blocked: false });
    await expect.poll(() => statusOf('other'), within).toBe(200);
    expect(await post('/key/delete', { keys: [key] })).toMatchObject({
      status: 200,
      deleted_keys: [key],
      deleted: [token],
    });
    await expect.poll(() => statusOf('other'), within).toBe(401);
    expect(await post('/key/delete', { keys: [key] })).toMatchObject({ status: 404 });
    const { entries } = await get<{ entries: Json[] }>(`/audit?target_kind=key&target_id=${token}`);
    expect(entries.map((entry) => entry['action'])).toEqual(['delete', 'unblock', 'block', 'update', 'generate']);
    expect(entries[3]).toMatchObject({
      actor: { kind: 'master' },
      before: { rpmLimit: 100, models: [] },
      after: { rpmLimit: null, models: ['other'] },
      at: expect.stringMatching(/^2\d{3}-/),
    });
    expect(JSON.stringify(entries)).not.toContain(key);
  });

  it('gets a new secret, and keeps the old one for the grace period', async () => {
    const { key, token } = await generate({ key_alias: 'renewed', max_budget: 9 });
    const renewed = await post(`/key/${key}/regenerate`, { grace_period: '1h' });
    expect(renewed).toMatchObject({ status: 200, token, max_budget: 9, old_valid_until: expect.any(String) });
    const next = String(renewed['key']);
    expect(next).not.toBe(key);
    expect((await ask(next)).status).toBe(200);
    expect((await ask(key)).status).toBe(200);
    const last = String((await post('/key/regenerate', { key: next }))['key']);
    await expect.poll(async () => (await ask(next)).status, { timeout: 1_500, interval: 50 }).toBe(401);
    expect((await ask(last)).status).toBe(200);
    const other = await generate({});
    expect(await post('/key/regenerate', { key: last, new_key: other.key })).toMatchObject({
      status: 400,
      error: { param: 'new_key' },
    });
    expect((await ask(last)).status).toBe(200);
  });

  it('sees itself and its own spend, nobody else', async () => {
    const { key, token } = await generate({ key_alias: 'modest' });
    const other = await generate({});
    await ask(key);
    expect(await get('/key/info', key)).toMatchObject({ key: token, info: { key_alias: 'modest' } });
    expect(await get(`/key/info?key=${other.token}`, key)).toMatchObject({ error: { code: 'permission_denied' } });
    await expect.poll(async () => (await get<{ info: Json }>('/key/info', key)).info['spend']).toBe(costUsd);
    const rows = await get<Json[]>('/spend/logs', key);
    expect(rows.map((row) => row['api_key'])).toEqual([token]);
    for (const path of ['/key/list', '/team/list', '/user/list', '/global/spend', '/audit'])
      expect(await get(path, key)).toMatchObject({ error: { code: 'permission_denied' } });
    expect(await post('/key/block', { key }, key)).toMatchObject({ status: 403 });
  });

  it('may be an admin, who is named in the audit', async () => {
    const admin = await generate({ key_alias: 'second-in-command', role: 'admin' });
    const made = await post('/key/generate', { key_alias: 'by-an-admin' }, admin.key);
    expect(made).toMatchObject({ status: 200, created_by: 'second-in-command' });
    const { entries } = await get<{ entries: Json[] }>('/audit?limit=1', admin.key);
    expect(entries).toMatchObject([{ action: 'generate', actor: { kind: 'key', alias: 'second-in-command' } }]);
  });

  it('can have its spend set back, and more money for a while', async () => {
    const { key } = await generate({ max_budget: costUsd });
    expect((await ask(key)).status).toBe(200);
    expect(await ask(key)).toMatchObject({ status: 429, code: 'insufficient_quota' });
    // What is posted after the spend was set back counts.
    await expect.poll(async () => (await post('/key/update', { key })).spend).toBeGreaterThan(0);
    expect(await post('/key/update', { key, spend: 0 })).toMatchObject({ status: 200, spend: 0 });
    await expect.poll(async () => (await ask(key)).status, { timeout: 3_000 }).toBe(200);
    expect((await ask(key)).status).toBe(429);
    const more = { temp_budget_increase: costUsd, temp_budget_expiry: '1d' };
    expect(await post('/key/update', { key, ...more })).toMatchObject({
      max_budget: costUsd,
      temp_budget_increase: costUsd,
    });
    await expect.poll(async () => (await ask(key)).status, { timeout: 3_000 }).toBe(200);
    expect((await ask(key)).status).toBe(429);
  });
});

describe('a team', () => {
  it('is made, shown, changed, blocked and deleted, and its keys follow', async () => {
    expect(
      await post('/team/new', { team_id: 'crew', team_alias: 'The crew', models: ['paid'], rpm_limit: 500 }),
    ).toMatchObject({
      status: 200,
      team_id: 'crew',
      team_alias: 'The crew',
    });
    const { key, token } = await generate({ team_id: 'crew' });
    expect((await ask(key)).status).toBe(200);
    expect((await ask(key, 'other')).status).toBe(403);
    expect(await post('/team/update', { team_id: 'crew', models: ['other'] })).toMatchObject({
      team_id: 'crew',
      data: { models: ['other'] },
    });
    await expect.poll(async () => (await ask(key, 'other')).status, { timeout: 1_500, interval: 50 }).toBe(200);
    expect(await post('/team/block', { team_id: 'crew' })).toMatchObject({ blocked: true });
    await expect.poll(async () => (await ask(key, 'other')).status, { timeout: 1_500, interval: 50 }).toBe(401);
    await post('/team/unblock', { team_id: 'crew' });
    expect(await get('/team/info?team_id=crew')).toMatchObject({ team_id: 'crew', keys: [{ token }] });
    expect(await get('/team/list')).toContainEqual(expect.objectContaining({ team_id: 'crew' }));
    expect(await post('/team/delete', { team_ids: ['crew'] })).toMatchObject({ deleted_teams: ['crew'] });
    await expect.poll(async () => (await ask(key, 'other')).status, { timeout: 1_500, interval: 50 }).toBe(401);
  });

  it('holds each member to a budget of their own', async () => {
    await post('/team/new', { team_id: 'lab', max_budget: 100 });
    const member = (user_id: string, more: object = {}) => ({ user_id, ...more });
    await post('/team/member_add', {
      team_id: 'lab',
      member: member('ada'),
      max_budget_in_team: costUsd,
    });
    await post('/team/member_add', { team_id: 'lab', member: [member('bob', { role: 'admin' })] });
    const ada = await generate({ team_id: 'lab', user_id: 'ada' });
    const bob = await generate({ team_id: 'lab', user_id: 'bob' });
    const adaElsewhere = await generate({ user_id: 'ada' });
    expect((await ask(ada.key)).status).toBe(200);
    const refused = await ask(ada.key);
    expect(refused).toMatchObject({ status: 429, code: 'insufficient_quota' });
    expect(refused.message).toContain("user 'ada' in team 'lab'");
    expect((await ask(bob.key)).status).toBe(200);
    expect((await ask(adaElsewhere.key)).status).toBe(200);
    await expect
      .poll(async () => (await get<{ team_memberships: Json[] }>('/team/info?team_id=lab')).team_memberships)
      .toMatchObject([
        { user_id: 'ada', role: 'user', spend: costUsd, litellm_budget_table: { max_budget: costUsd } },
        { user_id: 'bob', role: 'admin', litellm_budget_table: null },
      ]);
    expect(
      await post('/team/member_update', { team_id: 'lab', user_id: 'ada', max_budget_in_team: 5 * costUsd }),
    ).toMatchObject({ status: 200, team_id: 'lab', user_id: 'ada', max_budget_in_team: 5 * costUsd });
    await expect.poll(async () => (await ask(ada.key)).status, { timeout: 3_000 }).toBe(200);
    expect(await post('/team/member_delete', { team_id: 'lab', user_id: 'bob' })).toMatchObject({ members: ['ada'] });
    // What was held by the member's budget must not go on without it.
    await expect.poll(async () => (await ask(bob.key)).status, { timeout: 3_000 }).toBe(401);
  });

  it('has budgets and limits for single models', async () => {
    await post('/team/new', {
      team_id: 'thrifty',
      model_max_budget: { paid: { budget_limit: costUsd } },
      model_rpm_limit: { other: 1 },
    });
    const { key } = await generate({ team_id: 'thrifty' });
    expect((await ask(key)).status).toBe(200);
    const refused = await ask(key);
    expect(refused).toMatchObject({ status: 429, code: 'insufficient_quota' });
    expect(refused.message).toContain("model 'paid'");
    expect((await ask(key, 'other')).status).toBe(200);
    expect(await ask(key, 'other')).toMatchObject({ status: 429, code: 'rate_limit_exceeded' });
  });
});

describe('a user', () => {
  it('is made with a key, shown, changed, blocked and deleted', async () => {
    const made = await post('/user/new', {
      user_id: 'eve',
      user_email: 'eve@example.org',
      max_budget: 1,
      models: ['paid'],
    });
    expect(made).toMatchObject({ status: 200, user_id: 'eve', key: expect.stringMatching(/^sk-/) });
    const key = String(made['key']);
    expect((await ask(key)).status).toBe(200);
    expect((await ask(key, 'other')).status).toBe(403);
    expect(await get('/user/info?user_id=eve')).toMatchObject({
      user_id: 'eve',
      user_info: { user_email: 'eve@example.org' },
      keys: [{}],
    });
    expect(await post('/user/update', { user_id: 'eve', max_budget: 0 })).toMatchObject({ data: { max_budget: 0 } });
    await expect.poll(async () => (await ask(key)).status, { timeout: 1_500, interval: 50 }).toBe(429);
    expect(await post('/user/block', { user_id: 'eve' })).toMatchObject({ blocked: true });
    await expect.poll(async () => (await ask(key)).status, { timeout: 1_500, interval: 50 }).toBe(401);
    expect(await get('/user/list?page_size=100')).toMatchObject({
      users: expect.arrayContaining([expect.objectContaining({ user_id: 'eve' })]),
    });
    expect(await post('/user/delete', { user_ids: ['eve'] })).toEqual({ status: 200 });
    expect(await post('/user/new', { auto_create_key: false })).toMatchObject({ key: null });
  });

  it('that is a proxy_admin has admin keys', async () => {
    const made = await post('/user/new', { user_role: 'proxy_admin' });
    expect((await post('/key/generate', {}, String(made['key']))).status).toBe(200);
  });
});

describe('a key of the config', () => {
  it('is there from the start, and keeps its spend over a restart', async () => {
    const key = 'sk-from-the-config-1';
    for (let n = 0; n < 2; n += 1) expect((await ask(key)).status).toBe(200);
    await expect.poll(async () => (await info(key))['spend']).toBeCloseTo(2 * costUsd, 9);
    expect(await info(key)).toMatchObject({ key_alias: 'from-config', max_budget: 0.3, origin: 'config' });
    // Every process that keeps or counts money starts anew.
    for (const service of ['accounting', 'ingress'] as const) {
      const pid = suite.pid(service) ?? 0;
      suite.kill(service, 'SIGKILL');
      await suite.restarted(service, pid);
    }
    const spendNow = async () => {
      try {
        return (await info(key))['spend'];
      } catch {
        return null;
      }
    };
    await expect.poll(spendNow, { timeout: 20_000 }).toBeCloseTo(2 * costUsd, 9);
    await expect.poll(async () => (await ask(key)).status, { timeout: 20_000 }).toBe(200);
    expect((await ask(key)).status).toBe(429);
  });
});
