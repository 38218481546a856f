/** The addresses that clients make out of a base URL, however it was typed. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OllamaUpstream, startSuite, type Suite } from '#testing';

let suite: Suite;
let host: OllamaUpstream;

beforeAll(async () => {
  host = await OllamaUpstream.start({ models: ['m'] });
  suite = await startSuite({
    config: { model_list: [{ model_name: 'local', litellm_params: { model: 'ollama/m', api_base: host.url } }] },
  });
});

afterAll(async () => {
  await suite?.stop();
  await host?.stop();
});

const messages = [{ role: 'user', content: 'Hi' }];

describe('a chat is asked for', () => {
  it.each([
    ['as OpenAI has it', '/v1/chat/completions'],
    ['without the version', '/chat/completions'],
    ['with a slash at the end', '/v1/chat/completions/'],
    ['with a base URL that ends in a slash', '//v1/chat/completions'],
    ['with parameters', '/v1/chat/completions?api-version=2024-10-21'],
  ])('%s', async (_what, path) => {
    const response = await suite.fetch(path, { method: 'POST', body: { model: 'local', messages } });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ object: 'chat.completion', model: 'local' });
  });

  it.each([
    ['as Azure has it', '/openai/deployments/local/chat/completions?api-version=2024-10-21'],
    ['as OpenAI once had it', '/engines/local/chat/completions'],
  ])('%s, with the model in the address', async (_what, path) => {
    const response = await suite.fetch(path, { method: 'POST', body: { messages } });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ model: 'local' });
  });

  it('is told what is wrong where the client and its base URL both name the version', async () => {
    for (const path of ['/v1/v1/chat/completions', '/v1/v1/messages']) {
      const response = await suite.fetch(path, { method: 'POST', body: { model: 'local', messages } });
      expect(response.status).toBe(404);
      expect(await response.text()).toContain('leave it out of its base URL');
    }
  });

  it('is told that no answer is kept', async () => {
    const response = await suite.fetch('/v1/responses/resp_1');
    expect(response.status).toBe(404);
    expect(await response.text()).toContain('keeps no answers');
  });
});
