/** Requests as well-known programs send them, header by header and field by field, against each kind of backend. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { AnthropicUpstream, OllamaUpstream, OpenAiUpstream, startSuite, usualText, type Suite } from '#testing';
import { claudeCodeHeaders, countRequest, quotaRequest, turnRequest } from './claude-code.js';

let suite: Suite;
let ollama: OllamaUpstream;
let openai: OpenAiUpstream;
let anthropic: AnthropicUpstream;

beforeAll(async () => {
  [ollama, openai, anthropic] = await Promise.all([
    OllamaUpstream.start({
      models: [
        { name: 'local:1b', capabilities: ['completion', 'tools', 'vision'] },
        { name: 'vectors', capabilities: ['embedding'] },
      ],
    }),
    OpenAiUpstream.start(),
    AnthropicUpstream.start(),
  ]);
  suite = await startSuite({
    config: {
      model_list: [
        { model_name: 'ollama', litellm_params: { model: 'ollama/local:1b', api_base: ollama.url } },
        {
          model_name: 'vectors',
          litellm_params: { model: 'ollama/vectors', api_base: ollama.url },
          model_info: { mode: 'embedding' },
        },
        {
          model_name: 'openai',
          litellm_params: { model: 'openai/gpt-4o-mini', api_base: `${openai.url}/v1`, api_key: 'sk-up' },
        },
        {
          model_name: 'anthropic',
          litellm_params: { model: 'anthropic/claude-sonnet-4-5', api_base: anthropic.url, api_key: 'sk-ant-up' },
        },
      ],
      litellm_settings: { drop_params: true },
    },
  });
});

afterAll(async () => {
  await suite?.stop();
  await Promise.all([ollama?.stop(), openai?.stop(), anthropic?.stop()]);
});

const text = usualText.join('');
const models = ['ollama', 'openai', 'anthropic'] as const;
const upstreamOf = (model: (typeof models)[number]) => ({ ollama, openai, anthropic })[model];
const weather = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
const tool = (more: object = {}) => ({
  type: 'function',
  function: { name: 'get_weather', description: 'Weather of a city', parameters: weather, ...more },
});

/** The key goes where the client puts it: `x-api-key` where that is among the headers, else a bearer token. */
async function post(path: string, body: object, headers: Record<string, string> = {}): Promise<Response> {
  const bearer = 'x-api-key' in headers ? {} : { authorization: `Bearer ${suite.adminKey}` };
  const response = await fetch(`${suite.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...bearer, ...headers },
    body: JSON.stringify(body),
  });
  if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`);
  return response;
}

const Chunk = z.looseObject({
  id: z.string(),
  object: z.literal('chat.completion.chunk'),
  choices: z.array(
    z.looseObject({
      index: z.number(),
      delta: z.looseObject({
        content: z.string().nullish(),
        tool_calls: z
          .array(z.looseObject({ index: z.number(), function: z.looseObject({ arguments: z.string() }) }))
          .optional(),
      }),
      finish_reason: z.string().nullable(),
    }),
  ),
  usage: z.looseObject({ total_tokens: z.number() }).nullish(),
});

/** The chunks of a streamed chat, read as these clients do: line by line, each JSON by itself. */
async function chunksOf(response: Response): Promise<z.infer<typeof Chunk>[]> {
  expect(response.headers.get('content-type')).toContain('text/event-stream');
  const data = (await response.text()).split('\n').filter((line) => line.startsWith('data: '));
  expect(data.at(-1)).toBe('data: [DONE]');
  const chunks = data.slice(0, -1).map((line) => Chunk.parse(JSON.parse(line.slice(6))));
  expect(new Set(chunks.map(({ id }) => id)).size).toBe(1);
  return chunks;
}

const saidIn = (chunks: readonly z.infer<typeof Chunk>[]) =>
  chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('');
const endOf = (chunks: readonly z.infer<typeof Chunk>[]) =>
  chunks.flatMap(({ choices }) => choices.map((choice) => choice.finish_reason)).findLast((reason) => reason !== null);

describe.each(models)('against %s', (model) => {
  it('Open WebUI lists models, streams without asking for usage, and asks aside for a title and tags', async () => {
    const user = { 'x-openwebui-user-name': 'Ann', 'x-openwebui-user-id': 'u-1', 'x-openwebui-chat-id': 'c-1' };
    const listed = z.object({ data: z.array(z.looseObject({ id: z.string() })) });
    const { data } = listed.parse(await (await suite.fetch('/v1/models', { headers: user })).json());
    expect(data.map(({ id }) => id)).toContain(model);
    const chat = { stream: true, model, messages: [{ role: 'user', content: 'Hello' }], tools: [tool()] };
    const chunks = await chunksOf(await post('/v1/chat/completions', chat, user));
    expect(saidIn(chunks)).toBe(text);
    expect(chunks.every(({ usage, choices }) => usage === undefined && choices.length === 1)).toBe(true);
    const title = {
      model,
      messages: [{ role: 'user', content: '### Task:\nGenerate a concise title for the chat history.' }],
      stream: false,
      max_tokens: 1000,
    };
    const side = await (await post('/v1/chat/completions', title, user)).json();
    expect(side).toMatchObject({ object: 'chat.completion', choices: [{ message: { content: text } }] });
  });

  it('Home Assistant streams with tools through the asynchronous Python SDK, and brings their results', async () => {
    const headers = {
      'user-agent': 'AsyncOpenAI/Python 3.52.0',
      'x-stainless-lang': 'python',
      'x-stainless-async': 'async:asyncio',
      'x-stainless-retry-count': '0',
      'x-stainless-read-timeout': '10',
    };
    const base = {
      model,
      stream: true,
      max_tokens: 150,
      temperature: 1.0,
      top_p: 1.0,
      user: '01JD0N',
      parallel_tool_calls: true,
      tools: [tool({ strict: false })],
    };
    const asked = [
      { role: 'system', content: 'You are a voice assistant for Home Assistant.' },
      { role: 'user', content: 'Weather in Brno?' },
    ];
    upstreamOf(model).script.next({ text: [], toolCalls: [{ name: 'get_weather', arguments: { city: 'Brno' } }] });
    const calls = await chunksOf(await post('/v1/chat/completions', { ...base, messages: asked }, headers));
    expect(endOf(calls)).toBe('tool_calls');
    const pieces = calls.flatMap(({ choices }) => choices.flatMap(({ delta }) => delta.tool_calls ?? []));
    expect(JSON.parse(pieces.map((piece) => piece.function.arguments).join(''))).toEqual({ city: 'Brno' });
    const id = String(pieces[0]?.['id']);
    const call = { id, type: 'function', function: { name: 'get_weather', arguments: '{"city": "Brno"}' } };
    const answered = [
      ...asked,
      { role: 'assistant', tool_calls: [call] },
      { role: 'tool', tool_call_id: id, content: '{"temperature": 21}' },
    ];
    const spoken = await chunksOf(await post('/v1/chat/completions', { ...base, messages: answered }, headers));
    expect(saidIn(spoken)).toBe(text);
  });

  it("Home Assistant's own integration streams responses that are not stored", async () => {
    const response = await post('/v1/responses', {
      model,
      input: [
        { role: 'developer', content: 'You are a voice assistant.', type: 'message' },
        { role: 'user', content: 'Turn the lamp on', type: 'message' },
      ],
      max_output_tokens: 3000,
      top_p: 1.0,
      temperature: 1.0,
      user: '01JD0N',
      store: false,
      stream: true,
      tools: [{ type: 'function', name: 'get_weather', description: 'd', parameters: weather, strict: false }],
    });
    const events = (await response.text()).split('\n').filter((line) => line.startsWith('event: '));
    expect(events[0]).toBe('event: response.created');
    expect(events.at(-1)).toBe('event: response.completed');
    expect(events).toContain('event: response.output_text.delta');
  });

  it('Cline streams with usage and content in parts', async () => {
    const chunks = await chunksOf(
      await post(
        '/v1/chat/completions',
        {
          model,
          messages: [
            { role: 'system', content: 'You are Cline, a highly skilled software engineer.' },
            {
              role: 'user',
              content: [
                { type: 'text', text: '<task>\nSay hello\n</task>' },
                { type: 'text', text: '<environment_details>\n# Mode\nACT MODE\n</environment_details>' },
              ],
            },
          ],
          temperature: 0,
          stream: true,
          stream_options: { include_usage: true },
        },
        { 'http-referer': 'https://cline.bot', 'x-title': 'Cline', 'user-agent': 'OpenAI/JS 4.96.0' },
      ),
    );
    expect(saidIn(chunks)).toBe(text);
    expect(endOf(chunks)).toBe('stop');
    const last = chunks.at(-1);
    expect([last?.choices.length, (last?.usage?.total_tokens ?? 0) > 0]).toEqual([0, true]);
  });

  it('OpenCode streams through the AI SDK with its session, and goes on after a tool', async () => {
    const headers = {
      'user-agent': 'opencode/1.18.0 ai-sdk/provider-utils/4.0.0',
      'x-session-affinity': 'ses_1',
      'x-session-id': 'ses_1',
      'accept-encoding': 'gzip, deflate, br, zstd',
    };
    const chunks = await chunksOf(
      await post(
        '/v1/chat/completions',
        {
          model,
          max_tokens: 4_000,
          messages: [
            { role: 'system', content: 'You are opencode.' },
            { role: 'user', content: 'Look at the weather' },
            {
              role: 'assistant',
              content: '',
              tool_calls: [
                { id: 'call_1', type: 'function', function: { name: 'get_weather', arguments: '{"city":"Brno"}' } },
              ],
            },
            { role: 'tool', tool_call_id: 'call_1', content: 'sunny' },
          ],
          tools: [tool()],
          tool_choice: 'auto',
          stream: true,
          stream_options: { include_usage: true },
        },
        headers,
      ),
    );
    expect(saidIn(chunks)).toBe(text);
    const responses = await post(
      '/v1/responses',
      {
        model,
        input: [{ role: 'user', content: [{ type: 'input_text', text: 'Hello' }] }],
        store: false,
        prompt_cache_key: 'ses_1',
        include: ['reasoning.encrypted_content'],
        stream: true,
      },
      headers,
    );
    expect(await responses.text()).toContain('event: response.completed');
  });

  it('AnythingLLM chats with its prompt and context, and the legacy settings of its OpenAI library', async () => {
    const messages = [
      {
        role: 'system',
        content: 'Given the following conversation ...\nContext:\n[CONTEXT 0]:\nlamps\n[END CONTEXT 0]',
      },
      { role: 'user', content: 'Which lamp is lit?' },
    ];
    const asked = { model, stream: true, messages, temperature: 0.7, max_tokens: 1024 };
    expect(saidIn(await chunksOf(await post('/v1/chat/completions', asked)))).toBe(text);
    const whole = await (await post('/v1/chat/completions', { ...asked, stream: false })).json();
    expect(whole).toMatchObject({
      choices: [{ message: { content: text } }],
      usage: { completion_tokens: expect.any(Number) },
    });
  });

  it('Claude Code asks whether it may, counts, and streams with tools, cache marks and betas', async () => {
    const headers = { ...claudeCodeHeaders, 'x-api-key': suite.adminKey };
    const allowed = await post('/v1/messages?beta=true', quotaRequest(model), headers);
    expect(await allowed.json()).toMatchObject({ type: 'message' });
    const counted = await post('/v1/messages/count_tokens?beta=true', countRequest(model), headers);
    expect(await counted.json()).toEqual({ input_tokens: expect.any(Number) });
    upstreamOf(model).script.next({
      text: ['Again.'],
      toolCalls: [{ name: 'Read', arguments: { file_path: '/b.txt' } }],
    });
    const events = (await (await post('/v1/messages?beta=true', turnRequest(model), headers)).text())
      .split('\n')
      .filter((line) => line.startsWith('data: '))
      .map((line) => z.looseObject({ type: z.string() }).parse(JSON.parse(line.slice(6))));
    expect(events[0]?.type).toBe('message_start');
    expect(events.at(-1)?.type).toBe('message_stop');
    expect(events.find(({ type }) => type === 'message_delta')).toMatchObject({ delta: { stop_reason: 'tool_use' } });
    const starts = events.filter(({ type }) => type === 'content_block_start');
    expect(starts).toMatchObject([
      { index: 0, content_block: { type: 'text' } },
      { index: 1, content_block: { type: 'tool_use', name: 'Read', input: {} } },
    ]);
    const input = events.flatMap((event) => {
      const { delta } = z
        .object({ delta: z.looseObject({ partial_json: z.string().optional() }).optional() })
        .parse(event);
      return delta?.partial_json ?? [];
    });
    expect(JSON.parse(input.join(''))).toEqual({ file_path: '/b.txt' });
  });

  it('Paperless-ngx asks for a form through a forced tool, as llama-index does', async () => {
    const schema = {
      properties: { title: { title: 'Title', type: 'string' }, tags: { items: { type: 'string' }, type: 'array' } },
      required: ['title', 'tags'],
      title: 'DocumentClassifierSchema',
      type: 'object',
    };
    const filled = { title: 'Invoice', tags: ['railway'] };
    upstreamOf(model).script.next({ text: [], toolCalls: [{ name: 'DocumentClassifierSchema', arguments: filled }] });
    const asked = {
      model,
      messages: [{ role: 'user', content: 'Analyze this document:\n\nInvoice No. 7' }],
      stream: false,
      temperature: 0.1,
      parallel_tool_calls: false,
      tool_choice: { type: 'function', function: { name: 'DocumentClassifierSchema' } },
      tools: [
        { type: 'function', function: { name: 'DocumentClassifierSchema', description: 'd', parameters: schema } },
      ],
    };
    const answer = z.object({
      choices: z.array(
        z.looseObject({
          message: z.looseObject({
            tool_calls: z.array(z.looseObject({ function: z.looseObject({ arguments: z.string() }) })),
          }),
        }),
      ),
    });
    const { choices } = answer.parse(await (await post('/v1/chat/completions', asked)).json());
    expect(JSON.parse(choices[0]?.message.tool_calls[0]?.function.arguments ?? '')).toEqual(filled);
  });
});

describe('documents', () => {
  it.each([
    ['AnythingLLM', { input: ['one', 'two', 'three'] }, 'number'],
    ['Paperless-ngx, through llama-index', { input: ['one', 'two', 'three'], encoding_format: 'base64' }, 'base64'],
    ['Open WebUI', { input: ['one', 'two', 'three'], encoding_format: 'float' }, 'number'],
  ])('of %s become vectors, in order', async (_client, more, kind) => {
    const body = await (await post('/v1/embeddings', { model: 'vectors', ...more })).json();
    const Vectors = z.object({
      object: z.literal('list'),
      data: z.array(z.object({ object: z.literal('embedding'), index: z.number(), embedding: z.unknown() })),
      usage: z.object({ prompt_tokens: z.number(), total_tokens: z.number() }),
    });
    const { data } = Vectors.parse(body);
    expect(data.map(({ index }) => index)).toEqual([0, 1, 2]);
    for (const { embedding } of data) {
      if (kind === 'base64') expect(Buffer.from(z.string().parse(embedding), 'base64').byteLength % 4).toBe(0);
      else expect(z.array(z.number()).parse(embedding).length).toBeGreaterThan(1);
    }
  });
});

describe('clients of old', () => {
  it.each(models)('that know functions only get a function_call of %s', async (model) => {
    upstreamOf(model).script.next({ text: [], toolCalls: [{ name: 'get_weather', arguments: { city: 'Brno' } }] });
    const functions = [{ name: 'get_weather', description: 'd', parameters: weather }];
    const messages = [{ role: 'user', content: 'Weather?' }];
    const body = await (
      await post('/v1/chat/completions', { model, messages, functions, function_call: 'auto' })
    ).json();
    expect(body).toMatchObject({
      choices: [{ message: { content: null, function_call: { name: 'get_weather' } }, finish_reason: 'function_call' }],
    });
    const history = [
      ...messages,
      { role: 'assistant', content: null, function_call: { name: 'get_weather', arguments: '{"city":"Brno"}' } },
      { role: 'function', name: 'get_weather', content: 'sunny' },
    ];
    const next = await (await post('/v1/chat/completions', { model, messages: history, functions })).json();
    expect(next).toMatchObject({ choices: [{ message: { content: text }, finish_reason: 'stop' }] });
  });
});
