/** What was spent, as LiteLLM's users ask for it. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { OpenAiUpstream, startSuite, type Suite } from '#testing';

type Json = Record<string, unknown>;

let suite: Suite;
let cloud: OpenAiUpstream;
const keys: Record<'alpha' | 'beta', { key: string; token: string }> = {
  alpha: { key: '', token: '' },
  beta: { key: '', token: '' },
};
/** A dollar for each thousand output tokens, input free: an answer of 100 tokens costs 0.10. */
const costUsd = 0.1;
const today = new Date().toISOString().slice(0, 10);
const days = `start_date=${today}&end_date=${today}`;

beforeAll(async () => {
  cloud = await OpenAiUpstream.start();
  cloud.script.default({ promptTokens: 10, outputTokens: 100 });
  const params = {
    api_base: `${cloud.url}/v1`,
    api_key: 'sk-up',
    input_cost_per_token: 0,
    output_cost_per_token: 0.001,
  };
  suite = await startSuite({
    config: {
      model_list: ['one', 'two'].map((name) => ({
        model_name: name,
        litellm_params: { model: `openai/${name}-upstream`, ...params },
      })),
      router_settings: { num_retries: 0 },
    },
  });
  for (const name of ['alpha', 'beta'] as const) {
    const made = await suite.fetch('/key/generate', {
      method: 'POST',
      body: { key_alias: name, team_id: `team-${name}`, user_id: `user-${name}`, tags: [`tag-${name}`] },
    });
    keys[name] = (await made.json()) as { key: string; token: string };
  }
  await ask('alpha', 'one');
  await ask('alpha', 'two', { user: 'customer-7' });
  await ask('alpha', 'one', { metadata: { tags: ['nightly'] } });
  await ask('beta', 'one');
  cloud.script.next({ refuse: { status: 400, body: { error: { message: 'no', type: 'invalid_request_error' } } } });
  await ask('beta', 'two');
  const isPosted = async () => expect(await get<Json[]>('/spend/logs')).toHaveLength(5);
  await vi.waitFor(isPosted, { timeout: 20_000, interval: 100 });
});
afterAll(async () => {
  await suite?.stop();
  await cloud?.stop();
});

async function ask(name: 'alpha' | 'beta', model: string, more: object = {}): Promise<void> {
  const response = await fetch(`${suite.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${keys[name].key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model, max_tokens: 100, messages: [{ role: 'user', content: 'Which lamp?' }], ...more }),
  });
  await response.text();
}
async function get<T = Json>(path: string, key = suite.adminKey): Promise<T> {
  const response = await fetch(`${suite.url}${path}`, { headers: { authorization: `Bearer ${key}` } });
  return (await response.json()) as T;
}

describe('/spend/logs', () => {
  it('has a row for each attempt, newest first, in LiteLLM\u2019s names', async () => {
    const rows = await get<Json[]>('/spend/logs');
    const times = rows.map((row) => String(row['startTime']));
    expect(times).toEqual(times.toSorted((a, b) => (a < b ? 1 : -1)));
    expect(rows.at(-1)).toMatchObject({
      call_type: 'acompletion',
      api_key: keys.alpha.token,
      spend: costUsd,
      prompt_tokens: 10,
      completion_tokens: 100,
      total_tokens: 110,
      model: 'one-upstream',
      model_group: 'one',
      custom_llm_provider: 'openai',
      user: 'user-alpha',
      team_id: 'team-alpha',
      metadata: { user_api_key_alias: 'alpha', user_api_key_team_id: 'team-alpha' },
      cache_hit: 'False',
      request_tags: ['tag-alpha'],
      status: 'success',
    });
    expect(rows[0]).toMatchObject({ status: 'failure', spend: 0, metadata: { error_information: {} } });
  });

  it.each([
    ['key_alias=alpha', 3],
    ['user_id=user-beta', 2],
    ['team_id=team-alpha', 3],
    ['end_user=customer-7', 1],
    ['model=one', 3],
    ['model=one-upstream', 3],
    ['tags=nightly', 1],
    ['tags=nightly,tag-alpha', 1],
    ['tags=nightly,tag-beta', 0],
    ['status=failure', 1],
    ['status=success&key_alias=beta', 1],
    [`start_date=${today}`, 5],
    ['end_date=2020-01-01', 0],
    [`${days}&summarize=false`, 5],
    [`${days}&status=failure`, 1],
  ])('?%s gives %i rows', async (query, count) => {
    expect(await get<Json[]>(`/spend/logs?${query}`)).toHaveLength(count);
  });

  it('finds the rows of a key by the key and by its token, and those of one request', async () => {
    expect(await get<Json[]>(`/spend/logs?api_key=${keys.beta.key}`)).toHaveLength(2);
    const rows = await get<Json[]>(`/spend/logs?api_key=${keys.beta.token}`);
    expect(rows).toHaveLength(2);
    expect(await get<Json[]>(`/spend/logs?request_id=${String(rows[0]?.['request_id'])}`)).toEqual([rows[0]]);
  });

  it('is read page by page, each row once', async () => {
    const seen: unknown[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const response = await suite.fetch(`/spend/logs?limit=2&cursor=${cursor}`);
      const rows = (await response.json()) as Json[];
      expect(rows.length).toBeLessThanOrEqual(2);
      seen.push(...rows.map((row) => row['attempt_id']));
      cursor = response.headers.get('x-next-cursor');
    }
    expect(seen).toEqual((await get<Json[]>('/spend/logs')).map((row) => row['attempt_id']));
  });

  it('with dates gives the sums of each day, of everybody or of one', async () => {
    expect(await get<Json[]>(`/spend/logs?${days}`)).toMatchObject([
      {
        startTime: today,
        spend: expect.closeTo(4 * costUsd, 9),
        users: { 'user-alpha': expect.closeTo(3 * costUsd, 9), 'user-beta': expect.closeTo(costUsd, 9) },
        models: { one: expect.closeTo(3 * costUsd, 9), two: expect.closeTo(costUsd, 9) },
      },
    ]);
    for (const one of [`api_key=${keys.beta.key}`, 'user_id=user-beta', 'team_id=team-beta', 'model=two'])
      expect(await get<Json[]>(`/spend/logs?${days}&${one}`)).toMatchObject([{ spend: expect.closeTo(costUsd, 9) }]);
  });

  it('comes as CSV, page by page', async () => {
    const response = await suite.fetch('/spend/logs?format=csv&limit=3');
    expect(response.headers.get('content-type')).toContain('text/csv');
    const lines = (await response.text()).split('\r\n');
    expect(lines[0]).toContain('startTime,endTime,request_id');
    expect(lines).toHaveLength(5);
    const next = await suite.fetch(`/spend/logs?format=csv&limit=3&cursor=${response.headers.get('x-next-cursor')}`);
    const more = (await next.text()).split('\r\n');
    expect(more).toHaveLength(3);
    expect([...lines, ...more].join()).toContain('customer-7');
  });
});

describe('reports', () => {
  it.each([
    ['team', 'teams', 'team_name', 'team-alpha', 3],
    ['api_key', 'api_keys', 'api_key', 'alpha', 3],
    ['user', 'users', 'user', 'user-alpha', 3],
    ['model', 'models', 'model', 'one', 3],
    ['tag', 'tags', 'tag', 'tag-alpha', 3],
    ['customer', 'customers', 'customer', 'customer-7', 1],
    ['provider', 'providers', 'provider', 'openai', 4],
  ])('/global/spend/report by %s', async (group, list, nameOf, first, count) => {
    const report = await get<Json[]>(`/global/spend/report?${days}&group_by=${group}`);
    expect(report).toHaveLength(1);
    expect(report[0]).toMatchObject({ group_by_day: today });
    const [line] = (report[0]?.[list] ?? []) as Json[];
    expect(line).toMatchObject({ [nameOf]: first, total_spend: expect.closeTo(count * costUsd, 9), requests: count });
    expect(line?.['metadata']).toContainEqual(
      expect.objectContaining({
        model: expect.any(String),
        spend: expect.any(Number),
        total_tokens: expect.any(Number),
      }),
    );
  });

  it('/global/spend/report for one key, team, user or customer', async () => {
    for (const [query, list, name] of [
      [`api_key=${keys.beta.key}`, 'api_keys', 'beta'],
      ['team_id=team-beta', 'teams', 'team-beta'],
      ['internal_user_id=user-beta', 'users', 'user-beta'],
    ] as const) {
      const report = await get<Json[]>(`/global/spend/report?${days}&${query}`);
      expect(report[0]?.[list]).toMatchObject([{ name, total_spend: expect.closeTo(costUsd, 9) }]);
    }
  });

  it('/global/activity, and by model', async () => {
    const activity = await get(`/global/activity?${days}`);
    expect(activity).toMatchObject({
      daily_data: [
        { date: expect.stringMatching(/^[A-Z][a-z]{2} \d{2}$/), day: today, api_requests: 4, total_tokens: 440 },
      ],
      sum_api_requests: 4,
      sum_total_tokens: 440,
    });
    const models = await get<Json[]>(`/global/activity/model?${days}`);
    expect(models[0]).toMatchObject({ model: 'one', sum_api_requests: 3, daily_data: [{ api_requests: 3 }] });
  });

  it('/spend/tags, /spend/keys, /spend/users, /global/spend and its ranks', async () => {
    const tags = await get<Json[]>(`/spend/tags?${days}`);
    expect(tags).toContainEqual(
      expect.objectContaining({
        individual_request_tag: 'nightly',
        log_count: 1,
        total_spend: expect.closeTo(costUsd, 9),
      }),
    );
    expect(await get('/global/spend')).toMatchObject({ spend: expect.closeTo(4 * costUsd, 9), max_budget: null });
    for (const path of ['/spend/keys', '/global/spend/keys'])
      expect(await get(path)).toMatchObject([{ name: 'alpha' }, { name: 'beta' }]);
    expect(await get('/spend/users')).toMatchObject([{ id: 'user-alpha' }, { id: 'user-beta' }]);
    expect(await get('/global/spend/teams')).toMatchObject([{ id: 'team-alpha' }, { id: 'team-beta' }]);
    expect(await get('/global/spend/models')).toMatchObject([{ id: 'one' }, { id: 'two' }]);
  });

  it('under LiteLLM\u2019s other names', async () => {
    const activity = await get(`/user/daily/activity?${days}`);
    expect(activity).toMatchObject({
      results: [
        {
          date: today,
          metrics: {
            spend: 4 * costUsd,
            api_requests: 5,
            successful_requests: 4,
            failed_requests: 1,
            total_tokens: 440,
          },
          breakdown: {
            entities: { 'user-alpha': { metrics: { api_requests: 3 } } },
            models: { one: { metrics: { api_requests: 3, completion_tokens: 300 } } },
            api_keys: { [keys.beta.token]: { metrics: { failed_requests: 1 } } },
          },
        },
      ],
      metadata: { total_spend: 4 * costUsd, total_api_requests: 5, has_more: false },
    });
    const one = await get(`/user/daily/activity/aggregated?${days}&user_id=user-beta`);
    expect(one).toMatchObject({ metadata: { total_spend: costUsd } });
    const teams = await get(`/team/daily/activity?${days}&team_ids=team-alpha,nobody`);
    expect(teams).toMatchObject({ metadata: { total_successful_requests: 3, total_failed_requests: 0 } });
    expect(await get(`/user/daily/activity?${days}`, keys.beta.key)).toMatchObject({
      metadata: { total_api_requests: 2 },
    });
    expect(await get('/global/spend/provider')).toMatchObject([
      { id: 'openai', spend: expect.closeTo(4 * costUsd, 9) },
    ]);
    expect(await get('/global/spend/logs')).toEqual([{ date: today, spend: expect.closeTo(4 * costUsd, 9) }]);
    const { spend_per_tag: tags } = await get<{ spend_per_tag: Json[] }>('/global/spend/tags');
    expect(tags).toContainEqual({ name: 'tag-beta', spend: expect.closeTo(costUsd, 9), log_count: 2 });
    expect(await get<Json[]>('/global/spend/keys?limit=1')).toHaveLength(1);
    expect(await get('/key/aliases')).toMatchObject({ aliases: ['alpha', 'beta'], total_count: 2 });
  });

  it('that LiteLLM has and we have not say what to do instead', async () => {
    const { error } = await get<{ error: Json }>('/customer/info?end_user_id=x');
    expect(error).toMatchObject({ code: 'not_found', message: expect.stringContaining('group_by=customer') });
  });

  it('of a key are about itself', async () => {
    const { key } = keys.beta;
    expect(await get<Json[]>('/spend/logs', key)).toHaveLength(2);
    expect(await get<Json[]>(`/spend/logs?api_key=${keys.alpha.token}`, key)).toEqual([]);
    expect(await get(`/global/activity?${days}`, key)).toMatchObject({ sum_api_requests: 1 });
    const report = await get<Json[]>(`/global/spend/report?${days}`, key);
    expect(report[0]?.['teams']).toMatchObject([{ team_name: 'team-beta' }]);
    expect(await get<Json[]>(`/spend/tags?${days}`, key)).toMatchObject([{ individual_request_tag: 'tag-beta' }]);
  });
});
