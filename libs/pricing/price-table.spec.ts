import { describe, expect, it } from 'vitest';
import { findModelFacts, findPrice, pricedModels, pricesAsOf, providerOfModel } from './price-table.js';
import rawTable from './prices.json' with { type: 'json' };

describe('findPrice', () => {
  it.each([
    ['openai', 'gpt-4o', '2.5', '10'],
    ['openai', 'gpt-4o-mini', '0.15', '0.6'],
    ['openai', 'gpt-4-turbo', '10', '30'],
    ['openai', 'text-embedding-3-small', '0.02', '0'],
    ['anthropic', 'claude-3-5-sonnet-20241022', '3', '15'],
    ['anthropic', 'claude-sonnet-4-5', '3', '15'],
    ['gemini', 'models/gemini-2.5-flash', '0.3', '2.5'],
    ['azure', 'gpt-4o', '2.5', '10'],
    ['openrouter', 'openai/gpt-4o-mini', '0.15', '0.6'],
    ['openrouter', 'anthropic/claude-sonnet-4.5', '3', '15'],
    ['groq', 'llama-3.3-70b-versatile', '0.59', '0.79'],
  ])('knows %s/%s', (provider, model, input, output) => {
    expect(findPrice(provider, model)).toMatchObject({
      inputPerMillion: input,
      outputPerMillion: output,
      source: 'table',
    });
  });

  it('takes free models of OpenRouter as free, and of nobody else', () => {
    expect(findPrice('openrouter', 'qwen/qwen3-coder:free')).toMatchObject({ inputPerMillion: '0', source: 'free' });
    expect(findPrice('openai', 'qwen3-coder:free')).toBeNull();
  });

  it.each([
    ['openai', 'gpt-99'],
    ['openrouter', 'qwen/qwen3-coder'],
    ['openrouter', 'gpt-4o'],
    ['anthropic', 'gpt-4o'],
    ['mistral', ''],
  ])('does not guess the price of %s/%s', (provider, model) => {
    expect(findPrice(provider, model)).toBeNull();
  });

  it('has prices of its own for long prompts', () => {
    expect(findPrice('gemini', 'gemini-2.5-pro')?.longContext).toEqual({
      aboveInputTokens: 200_000,
      inputPerMillion: '2.5',
      outputPerMillion: '15',
      cacheReadPerMillion: '0.25',
      cacheWritePerMillion: null,
    });
  });
});

describe('findModelFacts', () => {
  it('knows the context, the mode and the capabilities', () => {
    expect(findModelFacts('openai', 'gpt-4o')).toEqual({
      mode: 'chat',
      maxInputTokens: 128_000,
      maxOutputTokens: 16_384,
      capabilities: { tools: true, vision: true, jsonSchema: true, reasoning: null },
      retired: false,
    });
    expect(findModelFacts('openai', 'text-embedding-3-large')?.mode).toBe('embedding');
    expect(findModelFacts('anthropic', 'claude-3-5-sonnet-20241022')?.retired).toBe(true);
    expect(findModelFacts('openai', 'gpt-99')).toBeNull();
  });
});

describe('the table', () => {
  it('finds the provider of a bare name', () => {
    expect(providerOfModel('gpt-4o')).toBe('openai');
    expect(providerOfModel('claude-sonnet-4-5')).toBe('anthropic');
    expect(providerOfModel('llama3')).toBeNull();
  });

  it('names no model twice, and a source that it explains for each', () => {
    const names = rawTable.models.flatMap((model) => model.names.map((name) => `${model.provider}/${name}`));
    expect(new Set(names).size).toBe(names.length);
    expect(pricedModels().length).toBe(names.length);
    const unexplained = rawTable.models.filter(({ source }) => !Object.keys(rawTable.sources).includes(source));
    expect(unexplained).toEqual([]);
    expect(pricesAsOf).toMatch(/^\d{4}-\d\d-\d\d$/);
  });
});
