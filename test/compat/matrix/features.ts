/**
 * The rows of the matrix for generating endpoints. docs/compatibility.md is written from them, and every cell is run.
 */
import { expect } from 'vitest';
import type { Answered } from './answers.js';
import { everywhere, leftOut, question, refused, schema, user, type Feature, type Json } from './feature.js';
import { toolFeatures } from './tool-features.js';

const png = 'iVBORw0KGgo=';
const noEquivalent = 'Anthropic has no equivalent';

const everyDialect = (fields: Json): Feature['ask'] => ({
  chat: { messages: [user], ...fields },
  responses: { input: question, ...fields },
  messages: { messages: [user], max_tokens: 100, ...fields },
});

export const features: readonly Feature[] = [
  { name: 'text', ask: { ...everyDialect({}), completions: { prompt: question } }, got: { finish: 'stop' } },
  {
    name: 'system prompt',
    ask: {
      chat: { messages: [{ role: 'developer', content: 'Be brief.' }, user] },
      responses: { input: question, instructions: 'Be brief.' },
      messages: { messages: [user], max_tokens: 100, system: 'Be brief.' },
    },
    sent: {
      ...everywhere({ messages: [{ role: 'system', content: 'Be brief.' }, { role: 'user' }] }),
      ollama: { messages: [{ role: 'system', content: 'Be brief.' }, { role: 'user' }] },
      anthropic: { messages: [{ role: 'user' }] },
    },
  },
  {
    name: 'usage',
    ask: {
      chat: { messages: [user], stream_options: { include_usage: true } },
      responses: { input: question },
      messages: { messages: [user], max_tokens: 100 },
      completions: { prompt: question, stream_options: { include_usage: true } },
    },
    got: { hasUsage: true },
  },
  ...toolFeatures,
  {
    name: 'images',
    ask: {
      chat: {
        messages: [
          {
            role: 'user',
            content: [
              { type: 'text', text: question },
              { type: 'image_url', image_url: { url: `data:image/png;base64,${png}` } },
            ],
          },
        ],
      },
      responses: {
        input: [
          {
            role: 'user',
            content: [
              { type: 'input_text', text: question },
              { type: 'input_image', image_url: `data:image/png;base64,${png}` },
            ],
          },
        ],
      },
      messages: {
        max_tokens: 100,
        messages: [
          {
            role: 'user',
            content: [
              { type: 'text', text: question },
              { type: 'image', source: { type: 'base64', media_type: 'image/png', data: png } },
            ],
          },
        ],
      },
    },
    sent: {
      ...everywhere({
        messages: [{ content: [{}, { type: 'image_url', image_url: { url: `data:image/png;base64,${png}` } }] }],
      }),
      ollama: { messages: [{ content: question, images: [png] }] },
      anthropic: { messages: [{ content: [{}, { type: 'image', source: { media_type: 'image/png', data: png } }] }] },
    },
  },
  {
    name: 'JSON mode',
    ask: {
      chat: { messages: [user], response_format: { type: 'json_object' } },
      responses: { input: question, text: { format: { type: 'json_object' } } },
    },
    behaviour: { text: ['{"city":', '"Brno"}'] },
    got: { text: '{"city":"Brno"}', finish: 'stop' },
    sent: {
      ...everywhere({ response_format: { type: 'json_object' } }),
      ollama: { format: 'json' },
      anthropic: { tool_choice: { type: 'tool', name: 'json_answer' } },
    },
  },
  {
    name: 'JSON schema',
    ask: {
      chat: { messages: [user], response_format: { type: 'json_schema', json_schema: { name: 'place', schema } } },
      responses: { input: question, text: { format: { type: 'json_schema', name: 'place', schema } } },
      messages: { messages: [user], max_tokens: 100, output_config: { format: { type: 'json_schema', schema } } },
    },
    sent: {
      ...everywhere({ response_format: { type: 'json_schema', json_schema: { schema } } }),
      ollama: { format: schema },
      anthropic: { output_config: { format: { type: 'json_schema', schema } } },
    },
  },
  {
    name: 'reasoning',
    ask: {
      chat: { messages: [user], reasoning_effort: 'low', max_tokens: 4_000 },
      responses: { input: question, reasoning: { effort: 'low' }, max_output_tokens: 4_000 },
      messages: { messages: [user], max_tokens: 4_000, thinking: { type: 'enabled', budget_tokens: 1_024 } },
    },
    behaviour: { thinking: ['Let', ' me'], text: ['Sunny.'] },
    got: { thinking: 'Let me', text: 'Sunny.' },
  },
  {
    name: 'length of the answer',
    ask: {
      chat: { messages: [user], max_completion_tokens: 2 },
      responses: { input: question, max_output_tokens: 2 },
      messages: { messages: [user], max_tokens: 2 },
    },
    sent: { ...everywhere({ max_tokens: 2 }), ollama: { options: { num_predict: 2 } }, anthropic: { max_tokens: 2 } },
    got: { finish: 'length' },
  },
  {
    name: 'temperature and top_p',
    ask: everyDialect({ temperature: 0.5 }),
    sent: {
      ...everywhere({ temperature: 0.5 }),
      ollama: { options: { temperature: 0.5 } },
      anthropic: { temperature: 0.5 },
    },
  },
  {
    name: 'stop',
    ask: {
      chat: { messages: [user], stop: ['END'] },
      messages: { messages: [user], max_tokens: 100, stop_sequences: ['END'] },
      completions: { prompt: question, stop: 'END' },
    },
    sent: {
      ...everywhere({ stop: ['END'] }),
      ollama: { options: { stop: ['END'] } },
      anthropic: { stop_sequences: ['END'] },
    },
  },
  {
    name: 'seed',
    ask: { chat: { messages: [user], seed: 7 }, completions: { prompt: question, seed: 7 } },
    limits: { anthropic: refused('seed', noEquivalent) },
    sent: { ...everywhere({ seed: 7 }), ollama: { options: { seed: 7 } } },
  },
  {
    name: 'n',
    ask: { chat: { messages: [user], n: 2 }, completions: { prompt: question, n: 2 } },
    limits: { ollama: refused('n', 'one answer at a time'), anthropic: refused('n', noEquivalent) },
    sent: everywhere({ n: 2 }),
  },
  {
    name: 'logprobs',
    ask: {
      chat: { messages: [user], logprobs: true, top_logprobs: 2 },
      responses: { input: question, include: ['message.output_text.logprobs'], top_logprobs: 2 },
    },
    limits: { anthropic: refused('logprobs', noEquivalent) },
    sent: {
      ...everywhere({ logprobs: true, top_logprobs: 2 }),
      ollama: { logprobs: true, top_logprobs: 2 },
    },
  },
  {
    name: 'presence_penalty and frequency_penalty',
    ask: {
      chat: { messages: [user], presence_penalty: 0.5, frequency_penalty: 0.5 },
      completions: { prompt: question, presence_penalty: 0.5, frequency_penalty: 0.5 },
    },
    limits: { anthropic: refused('presence_penalty', noEquivalent) },
    sent: {
      ...everywhere({ presence_penalty: 0.5, frequency_penalty: 0.5 }),
      ollama: { options: { presence_penalty: 0.5, frequency_penalty: 0.5 } },
    },
  },
  {
    name: 'logit_bias',
    ask: { chat: { messages: [user], logit_bias: { '50256': -100 } } },
    limits: {
      ollama: refused('logit_bias', 'Ollama has no equivalent'),
      anthropic: refused('logit_bias', noEquivalent),
    },
    sent: everywhere({ logit_bias: { '50256': -100 } }),
  },
  {
    name: 'web search (web_search_options)',
    ask: { chat: { messages: [user], web_search_options: { search_context_size: 'low' } } },
    limits: {
      ollama: refused('web_search_options', 'Ollama has no equivalent'),
      openai: refused('web_search_options', 'OpenAI itself searches, servers that speak its API do not'),
      engine: refused('web_search_options', 'OpenAI itself searches, servers that speak its API do not'),
    },
    sent: {
      openrouter: { web_search_options: { search_context_size: 'low' } },
      anthropic: { tools: [{ type: 'web_search_20250305', name: 'web_search', max_uses: 1 }] },
    },
  },
  {
    name: 'user',
    ask: {
      chat: { messages: [user], user: 'ada' },
      responses: { input: question, user: 'ada' },
      messages: { messages: [user], max_tokens: 100, metadata: { user_id: 'ada' } },
    },
    limits: { ollama: leftOut('it changes no answer; the spend is kept by it all the same') },
    sent: { ...everywhere({ user: 'ada' }), anthropic: { metadata: { user_id: 'ada' } } },
  },
  {
    name: 'parameters at their neutral values',
    ask: {
      chat: {
        messages: [user],
        n: 1,
        logprobs: false,
        seed: null,
        presence_penalty: 0,
        frequency_penalty: 0,
        logit_bias: {},
        parallel_tool_calls: true,
      },
      completions: { prompt: question, n: 1, logprobs: null, seed: null, presence_penalty: 0, echo: false, best_of: 1 },
    },
  },
  {
    name: 'suffix (fill in the middle)',
    ask: { completions: { prompt: 'def f(', suffix: '): pass' } },
    limits: { anthropic: refused('suffix', noEquivalent) },
    sent: { ...everywhere({ suffix: '): pass' }), ollama: { suffix: '): pass' } },
  },
  {
    name: 'several prompts',
    ask: { completions: { prompt: ['one', 'two'] } },
    limits: { anthropic: refused('prompt', 'one prompt at a time') },
    sent: everywhere({ prompt: ['one', 'two'] }),
  },
  {
    name: 'echo',
    ask: { completions: { prompt: question, echo: true } },
    limits: { ollama: refused('echo', 'Ollama has no equivalent'), anthropic: refused('echo', noEquivalent) },
    sent: everywhere({ echo: true }),
  },
  {
    name: 'previous_response_id',
    ask: { responses: { input: question, previous_response_id: 'resp_1' } },
    limits: Object.fromEntries(
      (['ollama', 'openai', 'openrouter', 'anthropic', 'engine'] as const).map((name) => [
        name,
        refused('previous_response_id', 'no answer is stored'),
      ]),
    ),
  },
];

/** Whether `answered` holds what the feature promises. */
export function expectGot(feature: Feature, answered: Answered): void {
  expect(answered).toMatchObject(feature.got ?? {});
  if (feature.got?.toolCalls === undefined) expect(answered.text).not.toBe('');
}
