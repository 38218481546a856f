import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OllamaUpstream, startSuite, usualText, type Suite } from '#testing';

let suite: Suite;
let ollama: OllamaUpstream;

beforeAll(async () => {
  ollama = await OllamaUpstream.start({ models: [{ name: 'llama3.1:8b' }, { name: 'mistral:latest' }] });
  suite = await startSuite({ adminKey: null, env: { OLLAMA_HOST: ollama.url } });
});

afterAll(async () => {
  await suite?.stop();
  await ollama?.stop();
});

describe('without a config file and without a key', () => {
  const names = async () => {
    const { data } = (await (await suite.fetch('/v1/models')).json()) as { data: { id: string }[] };
    return data.map((model) => model.id).sort();
  };

  it('the models of the Ollama at OLLAMA_HOST are offered under their own names', async () => {
    await expect.poll(names, { timeout: 10_000, interval: 100 }).toEqual(['llama3.1:8b', 'mistral:latest']);
  });

  it('they answer, whatever the client sends as its key', async () => {
    const response = await fetch(`${suite.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Bearer anything' },
      body: JSON.stringify({ model: 'llama3.1:8b', messages: [{ role: 'user', content: 'Are you running locally?' }] }),
    });
    expect(await response.json()).toMatchObject({ choices: [{ message: { content: usualText.join('') } }] });
  });

  it('only pages of this machine may call it from a browser', async () => {
    const call = (origin: string) => fetch(`${suite.url}/v1/models`, { headers: { origin } });
    expect((await call('http://localhost:3000')).status).toBe(200);
    expect((await call('https://evil.example')).status).toBe(403);
  });
});
