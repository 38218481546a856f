import { describe, expect, it } from 'vitest';
import { readOpenRouterModels } from './openrouter-models.js';

const entry = {
  id: 'qwen/qwen3-coder:free',
  canonical_slug: 'qwen/qwen3-coder-480b-a35b-07-25',
  name: 'Qwen: Qwen3 Coder (free)',
  created: 1_753_230_546,
  context_length: 262_144,
  architecture: { input_modalities: ['text', 'image'], output_modalities: ['text'], tokenizer: 'Qwen3' },
  pricing: { prompt: '0', completion: '0', request: '0' },
  top_provider: { context_length: 262_144, max_completion_tokens: null, is_moderated: false },
  supported_parameters: ['max_tokens', 'tools', 'tool_choice', 'reasoning'],
  expiration_date: '2026-12-31T00:00:00Z',
};

const one = (more: object) => readOpenRouterModels({ data: [{ ...entry, ...more }] })?.[0];

describe('the list of OpenRouter', () => {
  it('tells context, strengths, price and the last day', () => {
    expect(one({})).toEqual({
      id: 'qwen/qwen3-coder:free',
      contextLength: 262_144,
      strengths: ['tools', 'vision', 'thinking'],
      price: { input: 0, output: 0 },
      created: 1_753_230_546,
      expires: '2026-12-31',
    });
  });

  it.each([
    ['per million tokens', { prompt: '0.0000025', completion: '0.00001' }, { input: 2.5, output: 10 }],
    ['not for a router of models', { prompt: '-1', completion: '-1' }, null],
    ['not where nothing is said', null, null],
  ])('has prices %s', (_name, pricing, price) => {
    expect(one({ pricing })?.price).toEqual(price);
  });

  it('takes entries with nothing but a name, and leaves out what is no entry', () => {
    expect(readOpenRouterModels({ data: [{ id: 'a/b' }, { name: 'x' }, null] })).toEqual([
      { id: 'a/b', contextLength: null, strengths: [], price: null, created: 0, expires: null },
    ]);
  });

  it.each([[null], [{}], [{ data: 'x' }], ['models']])('is none in %j', (answer) => {
    expect(readOpenRouterModels(answer)).toBeNull();
  });
});
