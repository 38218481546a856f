import { describe, expect, it } from 'vitest';
import { GatewayError, type ClientDialect } from '#contracts';
import { inClientWords } from './dialect-words.js';

const words = "This model's maximum context length is 10 tokens. However, your prompt has about 99 tokens.";

describe('inClientWords', () => {
  it.each<[ClientDialect, string, string]>([
    ['openai-chat', 'messages', words],
    ['openai-completion', 'prompt', words],
    ['openai-responses', 'input', words],
    ['openai-embedding', 'input', words.replace('your prompt', 'your input')],
    ['anthropic-messages', 'messages', `prompt is too long: ${words}`],
  ])('%s: a prompt that does not fit is told of %s', (dialect, param, message) => {
    for (const named of [{ param: 'messages' }, {}]) {
      const error = new GatewayError('context_length_exceeded', { message: words, model: 'm', ...named });
      expect(inClientWords(error, dialect)).toMatchObject({
        code: 'context_length_exceeded',
        message,
        details: { param, model: 'm' },
      });
    }
  });

  it('content that cannot be sent is named as the client named it', () => {
    const error = new GatewayError('unsupported_parameter', { message: 'No audio.', param: 'messages' });
    expect(inClientWords(error, 'openai-responses')).toMatchObject({
      message: 'No audio.',
      details: { param: 'input' },
    });
  });

  it('leaves everything else as it is', () => {
    const others = [new Error('x'), new GatewayError('rate_limit_exceeded', { param: 'tokens' })];
    for (const other of others) expect(inClientWords(other, 'openai-embedding')).toBe(other);
    const said = new GatewayError('context_length_exceeded', { message: 'prompt is too long: 9 tokens > 8 maximum' });
    expect(inClientWords(said, 'anthropic-messages')).toMatchObject({ message: said.message });
  });
});
