/** What is written for Ollama's other endpoints: /api/generate, /api/embed, and the loading of a model. */
import { describe, expect, it } from 'vitest';
import type { CompletionRequest } from '../neutral/chat-request.js';
import { writeOllamaEmbed, writeOllamaGenerate, writeOllamaLoad, type OllamaWriteOptions } from './request.js';

const base: OllamaWriteOptions = { model: 'm', stream: false };

describe('writeOllamaGenerate', () => {
  const completion: CompletionRequest = { prompts: ['a', [1, 2]], stop: ['\n'], logprobs: 2, echo: true, bestOf: 3 };

  it('writes one prompt and names what it cannot express', () => {
    const written = writeOllamaGenerate(completion, 'a', {
      ...base,
      params: { num_ctx: 512 },
      capabilities: ['thinking'],
    });
    expect(written.body).toEqual({
      model: 'm',
      prompt: 'a',
      stream: false,
      think: false,
      logprobs: true,
      top_logprobs: 2,
      options: { stop: ['\n'], num_ctx: 512 },
    });
    expect(written.unsupported).toEqual(['echo', 'best_of']);
  });

  it('refuses token numbers', () => {
    expect(writeOllamaGenerate(completion, [1, 2], base).refusal).toMatchObject({ param: 'prompt' });
  });
});

describe('writeOllamaEmbed', () => {
  it('sends a list always, and passes dimensions and truncate', () => {
    const written = writeOllamaEmbed(
      { inputs: ['a'], dimensions: 8, encodingFormat: 'float', user: 'u' },
      { model: 'm', truncate: false, params: { keep_alive: '1h', num_ctx: 2048 } },
    );
    expect(written.body).toEqual({
      model: 'm',
      input: ['a'],
      dimensions: 8,
      truncate: false,
      keep_alive: '1h',
      options: { num_ctx: 2048 },
    });
  });

  it('refuses token numbers', () => {
    expect(writeOllamaEmbed({ inputs: [[1]], encodingFormat: 'float' }, { model: 'm' }).refusal).not.toBeNull();
  });
});

describe('writeOllamaLoad', () => {
  it('loads with the pinned context, so that the first request does not load again', () => {
    expect(writeOllamaLoad('m', { num_ctx: 4096, keep_alive: -1, temperature: 0 })).toEqual({
      model: 'm',
      messages: [],
      stream: false,
      keep_alive: -1,
      options: { num_ctx: 4096, temperature: 0 },
    });
    expect(writeOllamaLoad('m', {}, 0)).toMatchObject({ keep_alive: 0 });
  });
});
