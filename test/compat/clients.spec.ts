import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AnthropicUpstream, OllamaUpstream, OpenAiUpstream, startSuite, usualText, type Suite } from '#testing';

let suite: Suite;
let ollama: OllamaUpstream;
let openai: OpenAiUpstream;
let anthropic: AnthropicUpstream;
let openaiClient: OpenAI;
let anthropicClient: Anthropic;

beforeAll(async () => {
  [ollama, openai, anthropic] = await Promise.all([
    OllamaUpstream.start({
      models: [{ name: 'local:1b', capabilities: ['completion', 'tools', 'insert', 'thinking'] }],
    }),
    OpenAiUpstream.start(),
    AnthropicUpstream.start(),
  ]);
  suite = await startSuite({
    config: {
      model_list: [
        { model_name: 'ollama', litellm_params: { model: 'ollama/local:1b', api_base: ollama.url } },
        {
          model_name: 'openai',
          litellm_params: { model: 'openai/gpt-4o-mini', api_base: `${openai.url}/v1`, api_key: 'sk-up' },
        },
        {
          model_name: 'anthropic',
          litellm_params: { model: 'anthropic/claude-sonnet-4-5', api_base: anthropic.url, api_key: 'sk-ant-up' },
        },
      ],
    },
  });
  openaiClient = new OpenAI({ baseURL: `${suite.url}/v1`, apiKey: suite.adminKey, maxRetries: 0 });
  anthropicClient = new Anthropic({ baseURL: suite.url, apiKey: suite.adminKey, maxRetries: 0 });
});

afterAll(async () => {
  await suite?.stop();
  await Promise.all([ollama?.stop(), openai?.stop(), anthropic?.stop()]);
});

const text = usualText.join('');
const backends = ['ollama', 'openai', 'anthropic'] as const;
const upstreams = () => ({ ollama, openai, anthropic });
const weather = { type: 'object', properties: { city: { type: 'string' } } } as const;

describe.each(backends)('against %s', (model) => {
  it('the OpenAI client chats, whole and streamed', async () => {
    const messages = [{ role: 'user' as const, content: 'Hello' }];
    const whole = await openaiClient.chat.completions.create({ model, messages });
    expect(whole.choices[0]?.message.content).toBe(text);
    const stream = openaiClient.chat.completions.stream({ model, messages, stream_options: { include_usage: true } });
    const final = await stream.finalChatCompletion();
    expect(final.choices[0]?.message.content).toBe(text);
    expect((await stream.totalUsage()).completion_tokens).toBeGreaterThan(0);
  });

  it('the OpenAI client calls tools and brings their results', async () => {
    upstreams()[model].script.next({ text: [], toolCalls: [{ name: 'weather', arguments: { city: 'Brno' } }] });
    const tools = [{ type: 'function' as const, function: { name: 'weather', parameters: weather } }];
    const question = { role: 'user' as const, content: 'Weather in Brno?' };
    const first = await openaiClient.chat.completions.create({ model, messages: [question], tools });
    const message = first.choices[0]?.message;
    const [call] = message?.tool_calls ?? [];
    expect(first.choices[0]?.finish_reason).toBe('tool_calls');
    expect(call).toMatchObject({
      type: 'function',
      function: { name: 'weather', arguments: JSON.stringify({ city: 'Brno' }) },
    });
    if (message === undefined || call === undefined) return;
    const second = await openaiClient.chat.completions.create({
      model,
      tools,
      messages: [question, message, { role: 'tool', tool_call_id: call.id, content: 'sunny' }],
    });
    expect(second.choices[0]?.message.content).toBe(text);
  });

  it('the OpenAI client uses Responses', async () => {
    const answer = await openaiClient.responses.create({ model, input: 'Hello' });
    expect(answer.output_text).toBe(text);
    let streamed = '';
    for await (const event of await openaiClient.responses.create({ model, input: 'Hello', stream: true })) {
      if (event.type === 'response.output_text.delta') streamed += event.delta;
    }
    expect(streamed).toBe(text);
  });

  it('the Anthropic client sends messages, whole and streamed', async () => {
    const request = { model, max_tokens: 100, messages: [{ role: 'user' as const, content: 'Hello' }] };
    const whole = await anthropicClient.messages.create(request);
    expect(whole.content).toMatchObject([{ type: 'text', text }]);
    expect(whole.stop_reason).toBe('end_turn');
    const final = await anthropicClient.messages.stream(request).finalMessage();
    expect(final.content).toMatchObject([{ type: 'text', text }]);
    expect(final.usage.output_tokens).toBeGreaterThan(0);
  });

  it('the Anthropic client calls tools', async () => {
    upstreams()[model].script.next({ text: [], toolCalls: [{ name: 'weather', arguments: { city: 'Brno' } }] });
    const message = await anthropicClient.messages
      .stream({
        model,
        max_tokens: 100,
        messages: [{ role: 'user', content: 'Weather?' }],
        tools: [{ name: 'weather', input_schema: weather }],
      })
      .finalMessage();
    expect(message.stop_reason).toBe('tool_use');
    expect(message.content).toMatchObject([{ type: 'tool_use', name: 'weather', input: { city: 'Brno' } }]);
  });
});

describe('the Anthropic client', () => {
  it('counts tokens without asking a backend', async () => {
    const counted = await anthropicClient.messages.countTokens({
      model: 'ollama',
      messages: [{ role: 'user', content: 'Hello there' }],
    });
    expect(counted.input_tokens).toBeGreaterThan(0);
  });

  it('reads errors in its own shape', async () => {
    const failed = await anthropicClient.messages
      .create({ model: 'nobody', max_tokens: 1, messages: [{ role: 'user', content: 'x' }] })
      .catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(Anthropic.NotFoundError);
    expect(failed).toMatchObject({ error: { type: 'error', error: { type: 'not_found_error' } } });
  });
});

describe('the legacy completion', () => {
  it('comes as text, and fills in the middle on Ollama', async () => {
    const answer = await openaiClient.completions.create({
      model: 'ollama',
      prompt: 'def add(a, b):',
      suffix: '\nprint(add(1, 2))',
    });
    expect(answer.choices[0]?.text).toBe(text);
    expect(ollama.server.to('/api/generate').at(-1)?.body).toMatchObject({ suffix: '\nprint(add(1, 2))' });
  });
});
