import { describe, expect, it } from 'vitest';
import { readApiBase } from './build/api-base.js';
import { providers, resolveModelName } from './providers.js';

describe('resolveModelName', () => {
  it.each([
    ['ollama/qwen3:14b', 'ollama', 'qwen3:14b'],
    ['ollama_chat/embeddinggemma', 'ollama', 'embeddinggemma'],
    ['openrouter/qwen/qwen3-coder:free', 'openrouter', 'qwen/qwen3-coder:free'],
    ['openai/gpt-4o-mini', 'openai', 'gpt-4o-mini'],
    ['gpt-4o', 'openai', 'gpt-4o'],
    ['gpt-99-turbo', 'openai', 'gpt-99-turbo'],
    ['o3-mini', 'openai', 'o3-mini'],
    ['text-embedding-3-small', 'openai', 'text-embedding-3-small'],
    ['claude-3-5-sonnet-20241022', 'anthropic', 'claude-3-5-sonnet-20241022'],
    ['gemini-2.5-flash', 'gemini', 'gemini-2.5-flash'],
    ['deepseek-chat', 'deepseek', 'deepseek-chat'],
    ['groq/openai/gpt-oss-20b', 'groq', 'openai/gpt-oss-20b'],
    ['lm_studio/qwen', 'lm_studio', 'qwen'],
    ['openai/*', 'openai', '*'],
  ])('%s is of %s, there %s', (name, provider, model) => {
    expect(resolveModelName(name)).toMatchObject({ kind: 'model', provider: { name: provider }, model });
  });

  it.each([
    ['*', 'any-provider'],
    ['auto_router/complexity_router', 'complexity-router'],
    ['auto_router/other', 'unsupported'],
    ['bedrock/x', 'unsupported'],
    ['constructor/x', 'unsupported'],
    ['openai/', 'unsupported'],
    ['llama3', 'unsupported'],
    ['', 'unsupported'],
  ])('%s -> %s', (name, kind) => {
    expect(resolveModelName(name).kind).toBe(kind);
  });
});

describe('the provider table', () => {
  it('keeps local engines local, and gives every cloud a variable for its key', () => {
    for (const provider of Object.values(providers)) {
      expect(provider.dataPolicy === 'local').toBe(provider.kind === 'local');
      expect(provider.keyVariable === null).toBe(provider.kind === 'local');
      expect(provider.apiBase ?? 'http://x').not.toMatch(/\/$/);
    }
  });
});

describe('readApiBase', () => {
  it.each([
    ['ollama', 'http://h:11434/', 'http://h:11434'],
    ['ollama', 'http://h:11434/api/chat', 'http://h:11434'],
    ['ollama', 'http://h:11434/api', 'http://h:11434'],
    ['ollama', 'http://h:11434/v1', 'http://h:11434'],
    ['ollama', 'https://proxy/ollama/', 'https://proxy/ollama'],
    ['openai', 'http://h:8000/v1/chat/completions', 'http://h:8000/v1'],
    ['openai', 'http://h:8000', 'http://h:8000'],
    ['lm_studio', 'http://h:1234', 'http://h:1234/v1'],
    ['hosted_vllm', 'http://h:8000/v1/', 'http://h:8000/v1'],
    ['anthropic', 'https://api.anthropic.com/v1/messages', 'https://api.anthropic.com'],
    ['openai', 'HTTP://Host:80/v1', 'http://host/v1'],
  ])('%s: %s -> %s', (name, written, expected) => {
    const provider = providers[name];
    expect(provider === undefined ? null : readApiBase(written, provider)).toMatchObject({ kind: 'ok', url: expected });
  });
});
