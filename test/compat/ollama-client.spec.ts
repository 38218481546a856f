/**
 * The gateway offers no endpoint in Ollama's own dialect, so Ollama's official client has nothing to ask it. What it is good
 * for: the fake Ollama that all other tests trust has to satisfy the client that real ones do.
 */
import { Ollama } from 'ollama';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OllamaUpstream, usualText } from '#testing';

let upstream: OllamaUpstream;
let client: Ollama;

beforeAll(async () => {
  upstream = await OllamaUpstream.start({
    models: [
      { name: 'm:1b', capabilities: ['completion', 'tools', 'insert', 'thinking', 'vision'] },
      { name: 'v:1b', capabilities: ['embedding'] },
    ],
  });
  client = new Ollama({ host: upstream.url });
});

afterAll(() => upstream?.stop());

const messages = [{ role: 'user', content: 'Hello' }];
const text = usualText.join('');

describe("Ollama's client against the fake Ollama", () => {
  it('chats, whole and streamed', async () => {
    const whole = await client.chat({ model: 'm:1b', messages });
    expect(whole.message.content).toBe(text);
    expect(whole).toMatchObject({ done: true, done_reason: 'stop' });
    expect(whole.eval_count).toBeGreaterThan(0);
    let streamed = '';
    for await (const part of await client.chat({ model: 'm:1b', messages, stream: true }))
      streamed += part.message.content;
    expect(streamed).toBe(text);
  });

  it('calls tools and thinks', async () => {
    upstream.script.next({ thinking: ['Hm'], text: [], toolCalls: [{ name: 'weather', arguments: { city: 'Brno' } }] });
    const tools = [
      {
        type: 'function',
        function: { name: 'weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } },
      },
    ];
    const answer = await client.chat({ model: 'm:1b', messages, tools, think: true });
    expect(answer.message.tool_calls).toMatchObject([{ function: { name: 'weather', arguments: { city: 'Brno' } } }]);
    expect(answer.message.thinking).toBe('Hm');
  });

  it('generates, with a suffix too', async () => {
    const answer = await client.generate({ model: 'm:1b', prompt: 'def f(', suffix: ')' });
    expect(answer.response).toBe(text);
  });

  it('embeds', async () => {
    const { embeddings } = await client.embed({ model: 'v:1b', input: ['one', 'two'] });
    expect(embeddings).toHaveLength(2);
    expect(embeddings[0]?.length).toBeGreaterThan(1);
  });

  it('lists, shows and watches models', async () => {
    const { models } = await client.list();
    expect(models.map(({ name }) => name).sort()).toEqual(['m:1b', 'v:1b']);
    expect((await client.show({ model: 'm:1b' })).capabilities).toContain('tools');
    await client.chat({ model: 'm:1b', messages });
    expect((await client.ps()).models.map(({ name }) => name)).toContain('m:1b');
  });

  it('reads its errors', async () => {
    await expect(client.chat({ model: 'nobody', messages })).rejects.toMatchObject({ status_code: 404 });
    upstream.script.next({ breakAfter: { pieces: 1, how: 'error', message: 'unexpected EOF' } });
    const stream = await client.chat({ model: 'm:1b', messages, stream: true });
    const reading = (async () => {
      for await (const part of stream) expect(part.message.role).toBe('assistant');
    })();
    await expect(reading).rejects.toThrow(/unexpected EOF/);
  });

  it('breaks off what it no longer wants', async () => {
    upstream.script.next({ pieceDelayMs: 50, text: Array.from({ length: 200 }, () => 'x') });
    const before = upstream.requests.length;
    const stream = await client.chat({ model: 'm:1b', messages, stream: true });
    await stream[Symbol.asyncIterator]().next();
    stream.abort();
    const gone = await upstream.server.until((request) => request.number >= before && request.abortedAtMs !== null);
    expect(gone.path).toBe('/api/chat');
  });
});
