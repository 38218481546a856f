/** What is told to stay in the house stays there, by every road that leads to a cloud. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OllamaUpstream, OpenAiUpstream, startSuite, type Suite } from '#testing';

let suite: Suite;
let house: OllamaUpstream;
let cloud: OpenAiUpstream;
const keys = { ofKey: '', ofTeam: '', open: '' };

const dead = 'http://127.0.0.1:9';
const prompt = 'Which lamp is lit in the hall, and since when has it been on?';

beforeAll(async () => {
  [house, cloud] = await Promise.all([OllamaUpstream.start({ models: ['m:1b'] }), OpenAiUpstream.start()]);
  const outside = { api_base: `${cloud.url}/v1`, api_key: 'sk-up' };
  const off = { model: 'ollama/m:1b', api_base: dead };
  suite = await startSuite({
    config: {
      model_list: [
        { model_name: 'house', litellm_params: { model: 'ollama/m:1b', api_base: house.url } },
        {
          model_name: 'cloud',
          litellm_params: { model: 'openai/gpt-4o-mini', ...outside },
          model_info: { id: 'cloud-1' },
        },
        { model_name: 'openai/*', litellm_params: { model: 'openai/*', ...outside } },
        { model_name: 'dark', litellm_params: off },
        { model_name: 'dark-too', litellm_params: { ...off, fallback_models: ['cloud'] } },
        { model_name: 'lonely', litellm_params: off },
        { model_name: 'small', litellm_params: { ...off, api_base: house.url }, model_info: { max_input_tokens: 5 } },
        { model_name: 'pool', litellm_params: { ...off, order: 1 } },
        { model_name: 'pool', litellm_params: { model: 'openai/gpt-4o-mini', ...outside, order: 2 } },
        {
          model_name: 'smart',
          litellm_params: {
            model: 'auto_router/complexity_router',
            complexity_router_config: {
              tiers: { SIMPLE: 'cloud', MEDIUM: 'cloud', COMPLEX: 'cloud', REASONING: 'cloud' },
            },
          },
        },
      ],
      router_settings: {
        num_retries: 0,
        model_group_alias: { nickname: 'cloud', 'nickname-of-it': { model: 'nickname', hidden: true } },
        fallbacks: [{ dark: ['cloud'] }],
        default_fallbacks: ['cloud'],
        context_window_fallbacks: [{ small: ['cloud'] }],
      },
    },
  });
  await suite.fetch('/team/new', { method: 'POST', body: { team_id: 'discreet', data_policy: 'local' } });
  const keyOf = async (fields: object) => {
    const response = await suite.fetch('/key/generate', { method: 'POST', body: fields });
    return ((await response.json()) as { key: string }).key;
  };
  keys.ofKey = await keyOf({ data_policy: 'local' });
  keys.ofTeam = await keyOf({ team_id: 'discreet' });
  keys.open = await keyOf({});
});

afterAll(async () => {
  await suite?.stop();
  await Promise.all([house?.stop(), cloud?.stop()]);
});

const left = () => cloud.requests.filter(({ method }) => method === 'POST').length;
const messages = [{ role: 'user', content: prompt }];
type Call = [road: string, path: string, body: Record<string, unknown>];

const roads: Call[] = [
  ['its own name', '/v1/chat/completions', { model: 'cloud', messages }],
  ['an alias', '/v1/chat/completions', { model: 'nickname', messages }],
  ['a hidden alias of an alias', '/v1/chat/completions', { model: 'nickname-of-it', messages }],
  ['a wildcard', '/v1/chat/completions', { model: 'openai/gpt-4.1', messages }],
  ["the provider's name of it", '/v1/chat/completions', { model: 'gpt-4o-mini', messages }],
  ['the id of its deployment', '/v1/chat/completions', { model: 'cloud-1', messages }],
  ['a pool that it shares with a host', '/v1/chat/completions', { model: 'pool', messages }],
  ['a fallback', '/v1/chat/completions', { model: 'dark', messages }],
  ['fallback_models of a deployment', '/v1/chat/completions', { model: 'dark-too', messages }],
  ['a default fallback', '/v1/chat/completions', { model: 'lonely', messages }],
  ['a tier of the complexity router', '/v1/chat/completions', { model: 'smart', messages }],
  ['a fallback for long prompts', '/v1/chat/completions', { model: 'small', messages }],
  ["the client's own fallback", '/v1/chat/completions', { model: 'dark', messages, fallbacks: ['nickname'] }],
  ['a stream', '/v1/chat/completions', { model: 'dark', messages, stream: true }],
  ['text completions', '/v1/completions', { model: 'dark', prompt }],
  ['embeddings', '/v1/embeddings', { model: 'cloud', input: prompt }],
  ['responses', '/v1/responses', { model: 'dark', input: prompt }],
  ["Anthropic's messages", '/v1/messages', { model: 'dark', max_tokens: 50, messages }],
];

async function call(path: string, body: object, key: string, headers: Record<string, string> = {}) {
  const before = left();
  const response = await fetch(`${suite.url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  return { status: response.status, text: await response.text(), left: left() - before };
}

describe.each(roads)('the cloud by %s', (_road, path, body) => {
  it('is reached by those who demand nothing', async () => {
    const { status, left: count } = await call(path, body, keys.open);
    expect([status, count]).toEqual([200, 1]);
  });

  it.each<[string, () => string, Record<string, string>]>([
    ['a request that says so', () => keys.open, { 'x-signalbox-data-policy': 'local' }],
    ["the master key's request that says so", () => suite.adminKey, { 'x-signalbox-data-policy': 'local' }],
    ['a key that says so', () => keys.ofKey, {}],
    ['a team that says so', () => keys.ofTeam, {}],
    ['a request that would loosen its key', () => keys.ofKey, { 'x-signalbox-data-policy': 'may-train' }],
  ])('is closed to %s', async (_who, key, headers) => {
    const { status, text, left: count } = await call(path, body, key(), headers);
    expect(count).toBe(0);
    expect([403, 503, 400], text).toContain(status);
    expect(text).not.toContain(prompt);
  });
});

it('what can be served in the house is', async () => {
  for (const key of [keys.ofKey, keys.ofTeam]) {
    expect(await call('/v1/chat/completions', { model: 'house', messages }, key)).toMatchObject({
      status: 200,
      left: 0,
    });
  }
});

it('a policy between the two is kept too: the cloud may retain, so who forbids that is refused', async () => {
  const policy = { 'x-signalbox-data-policy': 'no-retention' };
  expect(await call('/v1/chat/completions', { model: 'dark', messages }, keys.open, policy)).toMatchObject({ left: 0 });
  const loose = { 'x-signalbox-data-policy': 'may-retain' };
  expect(await call('/v1/chat/completions', { model: 'dark', messages }, keys.open, loose)).toMatchObject({
    status: 200,
    left: 1,
  });
});

it('/v1/model/info says of each model what happens to what it is told', async () => {
  const { data } = (await (await suite.fetch('/v1/model/info')).json()) as {
    data: { model_name: string; model_info: { data_policy?: string } }[];
  };
  const policyOf = (name: string) => data.find((one) => one.model_name === name)?.model_info.data_policy;
  expect([policyOf('house'), policyOf('cloud')]).toEqual(['local', 'may-retain']);
});
