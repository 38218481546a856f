/** What the SDKs do on top of plain calls: tool runners, parsed answers, accumulating streams. They read more closely than any test of ours. */
import Anthropic from '@anthropic-ai/sdk';
import { betaZodTool } from '@anthropic-ai/sdk/helpers/beta/zod';
import { zodOutputFormat } from '@anthropic-ai/sdk/helpers/zod';
import OpenAI from 'openai';
import { zodFunction, zodResponseFormat, zodTextFormat } from 'openai/helpers/zod';
import { z } from 'zod';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSuite, usualText, type Suite } from '#testing';
import { backends, startFleet, type Fleet } from './matrix/backends.js';

let fleet: Fleet;
let suite: Suite;
let openai: OpenAI;
let anthropic: Anthropic;

beforeAll(async () => {
  fleet = await startFleet();
  suite = await startSuite({ config: { model_list: fleet.modelList, router_settings: { num_retries: 0 } } });
  openai = new OpenAI({ baseURL: `${suite.url}/v1`, apiKey: suite.adminKey, maxRetries: 0 });
  anthropic = new Anthropic({ baseURL: suite.url, apiKey: suite.adminKey, maxRetries: 0 });
});

afterAll(async () => {
  await suite?.stop();
  await fleet?.stop();
});

const text = usualText.join('');
const Place = z.object({ city: z.string() });
const messages = [{ role: 'user' as const, content: 'Weather in Brno?' }];
const call = { text: [], toolCalls: [{ name: 'weather', arguments: { city: 'Brno' } }] };
const parsed = { text: ['{"city"', ':"Br', 'no"}'] };

describe.each(backends)("OpenAI's SDK in front of %s", (model) => {
  it('runs tools until there is an answer', async () => {
    for (const stream of [false, true]) {
      fleet.upstreams[model].script.next(call);
      const asked: string[] = [];
      const tools = [
        zodFunction({
          name: 'weather',
          parameters: Place,
          function: ({ city }) => {
            asked.push(city);
            return 'sunny';
          },
        }),
      ];
      const runner = stream
        ? openai.chat.completions.runTools({ model, messages, tools, stream })
        : openai.chat.completions.runTools({ model, messages, tools });
      expect(await runner.finalContent()).toBe(text);
      expect(asked).toEqual(['Brno']);
    }
  });

  it('parses answers by their schema', async () => {
    fleet.upstreams[model].script.next(parsed, parsed, parsed);
    const chat = await openai.chat.completions.parse({
      model,
      messages,
      response_format: zodResponseFormat(Place, 'place'),
    });
    expect(chat.choices[0]?.message.parsed).toEqual({ city: 'Brno' });
    const response = await openai.responses.parse({
      model,
      input: 'Weather in Brno?',
      text: { format: zodTextFormat(Place, 'place') },
    });
    expect(response.output_parsed).toEqual({ city: 'Brno' });
    const stream = openai.chat.completions.stream({
      model,
      messages,
      response_format: zodResponseFormat(Place, 'place'),
    });
    expect((await stream.finalChatCompletion()).choices[0]?.message.parsed).toEqual({ city: 'Brno' });
  });

  it('accumulates streams of Responses, with tools', async () => {
    const seen: string[] = [];
    const stream = openai.responses.stream({ model, input: 'Hello' });
    for await (const event of stream) if (event.type === 'response.output_text.delta') seen.push(event.delta);
    expect(seen.join('')).toBe(text);
    expect((await stream.finalResponse()).output_text).toBe(text);
    fleet.upstreams[model].script.next(call);
    const tools = [{ type: 'function' as const, name: 'weather', parameters: z.toJSONSchema(Place), strict: false }];
    const final = await openai.responses.stream({ model, input: 'Weather?', tools }).finalResponse();
    expect(final.output).toMatchObject([{ type: 'function_call', name: 'weather', arguments: '{"city":"Brno"}' }]);
  });
});

describe.each(backends)("Anthropic's SDK in front of %s", (model) => {
  it('streams text, thinking and the input of tools', async () => {
    fleet.upstreams[model].script.next({ thinking: ['Let', ' me'], text: ['See', '.'], toolCalls: call.toolCalls });
    const events: string[] = [];
    const inputs: unknown[] = [];
    const stream = anthropic.messages
      .stream({
        model,
        max_tokens: 3_000,
        thinking: { type: 'enabled', budget_tokens: 1_024 },
        messages,
        tools: [{ name: 'weather', input_schema: { type: 'object', properties: { city: { type: 'string' } } } }],
      })
      .on('text', () => events.push('text'))
      .on('thinking', () => events.push('thinking'))
      .on('inputJson', (_partial, snapshot) => inputs.push(snapshot));
    const final = await stream.finalMessage();
    expect(final.content).toMatchObject([
      { type: 'thinking', thinking: 'Let me', signature: expect.any(String) },
      { type: 'text', text: 'See.' },
      { type: 'tool_use', name: 'weather', input: { city: 'Brno' } },
    ]);
    expect(final.stop_reason).toBe('tool_use');
    expect(new Set(events)).toEqual(new Set(['text', 'thinking']));
    expect(inputs.at(-1)).toEqual({ city: 'Brno' });
  });

  it('takes thinking and tool results back into the next turn', async () => {
    const tools = [{ name: 'weather', input_schema: { type: 'object' as const } }];
    const thinking = { type: 'enabled' as const, budget_tokens: 1_024 };
    fleet.upstreams[model].script.next({ thinking: ['Hm'], text: [], toolCalls: call.toolCalls });
    const first = await anthropic.messages.create({ model, max_tokens: 3_000, thinking, messages, tools });
    const use = first.content.find((block) => block.type === 'tool_use');
    if (use === undefined) throw new Error('no tool was called');
    const second = await anthropic.messages.create({
      model,
      max_tokens: 3_000,
      thinking,
      tools,
      messages: [
        ...messages,
        { role: 'assistant', content: first.content },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: use.id, content: 'sunny' }] },
      ],
    });
    expect(second.content).toMatchObject([{ type: 'text', text }]);
  });

  it('runs tools and parses answers', async () => {
    fleet.upstreams[model].script.next(call);
    const asked: string[] = [];
    const weather = betaZodTool({
      name: 'weather',
      description: 'The weather of a city',
      inputSchema: Place,
      run: ({ city }) => {
        asked.push(city);
        return 'sunny';
      },
    });
    const answer = await anthropic.beta.messages.toolRunner({ model, max_tokens: 100, messages, tools: [weather] });
    expect(answer.content).toMatchObject([{ type: 'text', text }]);
    expect(asked).toEqual(['Brno']);
    fleet.upstreams[model].script.next(parsed);
    const message = await anthropic.messages.parse({
      model,
      max_tokens: 100,
      messages,
      output_config: { format: zodOutputFormat(Place) },
    });
    expect(message.parsed_output).toEqual({ city: 'Brno' });
  });

  it('may use betas, as Claude Code does, and count what it would send', async () => {
    const betas = ['claude-code-20250219', 'interleaved-thinking-2025-05-14', 'fine-grained-tool-streaming-2025-05-14'];
    const system = [
      { type: 'text' as const, text: 'You are Claude Code.', cache_control: { type: 'ephemeral' as const } },
    ];
    const tools = [
      {
        name: 'Bash',
        input_schema: { type: 'object' as const, properties: {} },
        cache_control: { type: 'ephemeral' as const },
      },
    ];
    const request = { model, betas, system, tools, messages };
    const counted = await anthropic.beta.messages.countTokens(request);
    expect(counted.input_tokens).toBeGreaterThan(10);
    const final = await anthropic.beta.messages
      .stream({ ...request, max_tokens: 32_000, temperature: 1, metadata: { user_id: 'user_1' } })
      .finalMessage();
    expect(final.content).toMatchObject([{ type: 'text', text }]);
    const sent = fleet.upstreams[model].requests.findLast(({ method }) => method === 'POST');
    const passed = sent?.headers['anthropic-beta'];
    if (model === 'anthropic') expect(passed).toBe(betas.join(','));
    else expect(passed).toBeUndefined();
  });
});
