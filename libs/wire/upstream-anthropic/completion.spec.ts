import { describe, expect, it } from 'vitest';
import type { CompletionRequest } from '../neutral/chat-request.js';
import { writeAnthropicCompletion } from './completion.js';

const write = (completion: Partial<CompletionRequest>, omit: string[] = []) =>
  writeAnthropicCompletion({ prompts: ['Once'], ...completion }, { model: 'claude-sonnet-4-5', stream: true, omit });

describe('a legacy completion', () => {
  it('is one turn of a chat', () => {
    const { body, unsupported, refusal } = write({ maxTokens: 9, temperature: 0.5, stop: ['END'], user: 'u' });
    expect(body).toEqual({
      model: 'claude-sonnet-4-5',
      max_tokens: 9,
      messages: [{ role: 'user', content: [{ type: 'text', text: 'Once' }] }],
      stream: true,
      temperature: 0.5,
      stop_sequences: ['END'],
      metadata: { user_id: 'u' },
    });
    expect([unsupported, refusal]).toEqual([[], null]);
  });

  it.each<[string, Partial<CompletionRequest>]>([
    ['suffix', { suffix: ' end' }],
    ['echo', { echo: true }],
    ['logprobs', { logprobs: 0 }],
    ['best_of', { bestOf: 2 }],
    ['n', { n: 2 }],
  ])('cannot have %s', (name, completion) => {
    expect(write(completion).unsupported).toEqual([name]);
    expect(write(completion, [name]).unsupported).toEqual([]);
  });

  it('may have those at their neutral values', () => {
    expect(write({ echo: false, bestOf: 1, n: 1 }).unsupported).toEqual([]);
  });

  it.each([[['a', 'b']], [[[1, 2]]]])('has one prompt, of text: %j is refused', (prompts) => {
    expect(write({ prompts }).refusal).toMatchObject({ code: 'unsupported_parameter', param: 'prompt' });
  });
});
