/** Endpoints beside text, with OpenAI's own SDK: what it sends arrives upstream, what comes back is unchanged, and it is paid for. */
import OpenAI, { toFile } from 'openai';
import { z } from 'zod';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  heardSeconds,
  OllamaUpstream,
  openAiRefusals,
  OpenAiUpstream,
  readMediaBody,
  spokenBytes,
  startSuite,
  usualText,
  type Suite,
} from '#testing';

let suite: Suite;
let cloud: OpenAiUpstream;
let engine: OpenAiUpstream;
let ollama: OllamaUpstream;
let client: OpenAI;

beforeAll(async () => {
  [cloud, engine, ollama] = await Promise.all([OpenAiUpstream.start(), OpenAiUpstream.start(), OllamaUpstream.start()]);
  const at = { api_base: `${cloud.url}/v1`, api_key: 'sk-upstream-secret' };
  suite = await startSuite({
    config: {
      model_list: [
        { model_name: 'chat', litellm_params: { model: 'openai/gpt-4o-mini', ...at }, model_info: { mode: 'chat' } },
        { model_name: 'house', litellm_params: { model: 'ollama/llama3.1:8b', api_base: ollama.url } },
        { model_name: 'ears', litellm_params: { model: 'openai/whisper-1', ...at } },
        { model_name: 'voice', litellm_params: { model: 'openai/tts-1', ...at } },
        {
          model_name: 'voice-failing',
          litellm_params: { model: 'openai/failing', ...at },
          model_info: { mode: 'audio_speech' },
        },
        { model_name: 'painter', litellm_params: { model: 'openai/gpt-image-1-mini', ...at } },
        {
          model_name: 'painter-dear',
          litellm_params: { model: 'openai/painter', ...at, output_cost_per_image: 0.04 },
          model_info: { mode: 'image_generation' },
        },
        {
          model_name: 'painter-unpriced',
          litellm_params: { model: 'openai/painter-2', ...at },
          model_info: { mode: 'image_generation' },
        },
        { model_name: 'guard', litellm_params: { model: 'openai/omni-moderation-latest', ...at } },
        {
          model_name: 'order',
          litellm_params: { model: 'hosted_vllm/bge-reranker', api_base: `${engine.url}/v1` },
          model_info: { mode: 'rerank' },
        },
      ],
      router_settings: { num_retries: 0, disable_cooldowns: true, fallbacks: [{ 'voice-failing': ['voice'] }] },
    },
  });
  client = new OpenAI({ baseURL: `${suite.url}/v1`, apiKey: suite.adminKey, maxRetries: 0 });
});

afterAll(async () => {
  await suite?.stop();
  await Promise.all([cloud?.stop(), engine?.stop(), ollama?.stop()]);
});

const text = usualText.join('');
const recording = () =>
  toFile(
    Uint8Array.from({ length: 9_000 }, (_, i) => i % 251),
    'grüße.mp3',
    { type: 'audio/mpeg' },
  );
const spoken = Buffer.concat(spokenBytes(usualText));

async function failureOf(
  asked: Promise<unknown>,
): Promise<{ status: number | undefined; message: string; param: unknown }> {
  const error = await asked.then(
    () => null,
    (failed: unknown) => failed,
  );
  if (!(error instanceof OpenAI.APIError)) throw new Error('the request did not fail as an API error');
  return { status: error.status, message: error.message, param: error.param };
}

describe('audio', () => {
  it('is transcribed: the file arrives byte for byte, under the upstream’s name of the model', async () => {
    const answer = await client.audio.transcriptions.create({
      model: 'ears',
      file: await recording(),
      language: 'de',
      timestamp_granularities: ['word', 'segment'],
    });
    expect(answer.text).toBe(text);
    const sent = await cloud.server.until(({ path }) => path === '/v1/audio/transcriptions');
    expect(sent.headers.authorization).toBe('Bearer sk-upstream-secret');
    const body = await readMediaBody(sent);
    expect(body?.fields).toMatchObject({ model: 'whisper-1', language: 'de' });
    expect(body?.files).toMatchObject([{ name: 'file', filename: 'grüße.mp3' }]);
    expect(body?.files[0]?.bytes).toEqual(new Uint8Array(await (await recording()).arrayBuffer()));
  });

  it('is transcribed as text, translated, and streamed as events', async () => {
    const file = await recording();
    const plain: unknown = await client.audio.transcriptions.create({ model: 'ears', file, response_format: 'text' });
    expect(plain).toBe(`${text}\n`);
    expect((await client.audio.translations.create({ model: 'ears', file })).text).toBe(text);
    let streamed = '';
    for await (const event of await client.audio.transcriptions.create({ model: 'ears', file, stream: true })) {
      if (event.type === 'transcript.text.delta') streamed += event.delta;
    }
    expect(streamed).toBe(text);
  });

  it('is spoken: bytes of any value, handed on as they come', async () => {
    cloud.script.next({ pieceDelayMs: 150 });
    const answer = await client.audio.speech.create({ model: 'voice', voice: 'alloy', input: 'Hello' });
    expect(answer.headers.get('content-type')).toBe('audio/mpeg');
    const pieces: { at: number; bytes: Uint8Array }[] = [];
    for await (const bytes of answer.body ?? []) pieces.push({ at: performance.now(), bytes });
    expect(Buffer.concat(pieces.map(({ bytes }) => bytes))).toEqual(spoken);
    expect(pieces.length).toBeGreaterThan(2);
    const first = pieces[0]?.at ?? 0;
    expect((pieces.at(-1)?.at ?? 0) - first).toBeGreaterThan(300);
  });

  it('that breaks off does not look complete', async () => {
    cloud.script.next({ breakAfter: { pieces: 3, how: 'reset' } });
    const answer = await client.audio.speech.create({ model: 'voice', voice: 'alloy', input: 'Hello' });
    await expect(answer.arrayBuffer()).rejects.toThrow();
  });

  it('falls back to another model before the first byte', async () => {
    cloud.script.next({ refuse: openAiRefusals.server() });
    const answer = await client.audio.speech.create({ model: 'voice-failing', voice: 'alloy', input: 'Hello' });
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(spoken);
    expect(answer.headers.get('x-litellm-attempted-fallbacks')).toBe('1');
    expect(answer.headers.get('x-litellm-model-group')).toBe('voice');
  });
});

describe('images', () => {
  it('are made, changed and varied', async () => {
    const made = await client.images.generate({ model: 'painter', prompt: 'a lamp', n: 2, quality: 'low' });
    expect(made.data).toHaveLength(2);
    expect(cloud.server.to('/v1/images/generations').at(-1)?.body).toEqual({
      model: 'gpt-image-1-mini',
      prompt: 'a lamp',
      n: 2,
      quality: 'low',
    });
    const image = [await toFile(Buffer.from('one'), 'a.png'), await toFile(Buffer.from('two'), 'b.png')];
    const edited = await client.images.edit({ model: 'painter', prompt: 'greener', image });
    expect(edited.data).toHaveLength(1);
    const edit = cloud.server.to('/v1/images/edits').at(-1);
    const body = edit === undefined ? null : await readMediaBody(edit);
    expect(body?.files.map(({ name, bytes }) => [name, Buffer.from(bytes).toString()])).toEqual([
      ['image[]', 'one'],
      ['image[]', 'two'],
    ]);
    const [first] = image;
    if (first === undefined) throw new Error('no image');
    expect((await client.images.createVariation({ model: 'painter', image: first })).data).toHaveLength(1);
  });
});

describe('moderation', () => {
  it('answers with the model named, and without one', async () => {
    const named = await client.moderations.create({ model: 'guard', input: ['be nice', 'kill it'] });
    expect(named.results.map(({ flagged }) => flagged)).toEqual([false, true]);
    const unnamed = await client.moderations.create({ input: 'be nice' });
    expect(unnamed.results).toHaveLength(1);
    expect(cloud.server.to('/v1/moderations').at(-1)?.body).toMatchObject({ model: 'omni-moderation-latest' });
  });
});

describe('rerank', () => {
  const body = { model: 'order', query: 'lamp', documents: ['a', 'b'], top_n: 2 };

  it.each(['/v1/rerank', '/rerank', '/v2/rerank', '/v1/rerank/'])(
    'goes through a local engine’s queue: %s',
    async (path) => {
      const response = await suite.fetch(path, { method: 'POST', body });
      expect(response.status).toBe(200);
      const answer = z.object({ results: z.array(z.object({ index: z.number() })) }).parse(await response.json());
      expect(answer.results.map(({ index }) => index)).toEqual([1, 0]);
      expect(engine.server.to('/v1/rerank').at(-1)?.body).toEqual({ ...body, model: 'bge-reranker' });
    },
  );
});

describe('what cannot be served', () => {
  it.each([
    ['chat', 'is no speech model'],
    ['house', 'is no speech model'],
  ])('%s is refused for speech', async (model, why) => {
    const failed = await failureOf(client.audio.speech.create({ model, voice: 'alloy', input: 'x' }));
    expect(failed).toMatchObject({ status: 400, param: 'model' });
    expect(failed.message).toContain(why);
  });

  it('a speaking model is refused for chat', async () => {
    const failed = await failureOf(
      client.chat.completions.create({ model: 'voice', messages: [{ role: 'user', content: 'x' }] }),
    );
    expect(failed).toMatchObject({ status: 400, param: 'model' });
  });

  it('a missing field is named, and so is a broken form', async () => {
    const empty = await suite.fetch('/v1/rerank', { method: 'POST', body: { model: 'order', query: 'x' } });
    expect(empty.status).toBe(400);
    expect(await empty.json()).toMatchObject({ error: { param: 'documents', type: 'invalid_request_error' } });
    const broken = await fetch(`${suite.url}/v1/audio/transcriptions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${suite.adminKey}`, 'content-type': 'multipart/form-data; boundary=q' },
      body: '--q\r\nnonsense',
    });
    expect(broken.status).toBe(400);
    expect(await broken.json()).toMatchObject({ error: { type: 'invalid_request_error' } });
  });

  it('a file over the limit is 413', async () => {
    const file = await toFile(Buffer.alloc(33 * 1024 * 1024), 'long.wav');
    expect((await failureOf(client.audio.transcriptions.create({ model: 'ears', file }))).status).toBe(413);
  });

  it('an upstream’s refusal comes without its key and never as a 401', async () => {
    cloud.script.next({ refuse: openAiRefusals.key() });
    const failed = await failureOf(client.moderations.create({ model: 'guard', input: 'x' }));
    expect(failed.status).toBe(502);
    expect(failed.message).not.toMatch(/sk-|127\.0\.0\.1/);
  });
});

const Row = z.object({
  model_group: z.string().nullish(),
  call_type: z.string(),
  spend: z.number(),
  status: z.string(),
});

async function keyWith(fields: object): Promise<string> {
  const made = await suite.fetch('/key/generate', { method: 'POST', body: fields });
  return z.object({ key: z.string() }).parse(await made.json()).key;
}

async function rowsOf(key: string): Promise<z.infer<typeof Row>[]> {
  const response = await suite.fetch('/spend/logs?summarize=false', { headers: { authorization: `Bearer ${key}` } });
  return z.array(Row).parse(await response.json());
}

describe('a key', () => {
  it('pays by the second, the character, the picture and the token', async () => {
    const key = await keyWith({ max_budget: 100 });
    const own = new OpenAI({ baseURL: `${suite.url}/v1`, apiKey: key, maxRetries: 0 });
    await own.audio.transcriptions.create({ model: 'ears', file: await recording() });
    await (await own.audio.speech.create({ model: 'voice', voice: 'alloy', input: 'x'.repeat(1_000) })).arrayBuffer();
    await own.images.generate({ model: 'painter-dear', prompt: 'a lamp', n: 3 });
    await own.images.generate({ model: 'painter', prompt: 'lamp' });
    await own.moderations.create({ model: 'guard', input: 'x' });
    await expect.poll(async () => (await rowsOf(key)).length).toBe(5);
    const spend = Object.fromEntries(
      (await rowsOf(key)).map((row) => [`${row.call_type} ${row.model_group}`, row.spend]),
    );
    expect(spend['atranscription ears']).toBeCloseTo(heardSeconds * 0.0001, 9);
    expect(spend['aspeech voice']).toBeCloseTo(0.015, 9);
    expect(spend['aimage_generation painter-dear']).toBeCloseTo(0.12, 9);
    // One token of text, 100 of pictures, 1,000 that were drawn.
    expect(spend['aimage_generation painter']).toBeCloseTo((2 + 100 * 2.5 + 1_000 * 8) / 1e6, 9);
    expect(spend['amoderation guard']).toBe(0);
  });

  it('with a budget may not use what has no known price', async () => {
    const own = new OpenAI({ baseURL: `${suite.url}/v1`, apiKey: await keyWith({ max_budget: 1 }), maxRetries: 0 });
    const failed = await failureOf(own.images.generate({ model: 'painter-unpriced', prompt: 'x' }));
    expect(failed.status).toBe(400);
    expect(failed.message).toContain('No price is known');
  });

  it('is stopped by its budget before it is overdrawn', async () => {
    const own = new OpenAI({ baseURL: `${suite.url}/v1`, apiKey: await keyWith({ max_budget: 0.1 }), maxRetries: 0 });
    const failed = await failureOf(own.images.generate({ model: 'painter-dear', prompt: 'x', n: 3 }));
    expect(failed.status).toBe(429);
    expect((await own.images.generate({ model: 'painter-dear', prompt: 'x', n: 2 })).data).toHaveLength(2);
  });

  it('is held to its models and its limits', async () => {
    const own = new OpenAI({
      baseURL: `${suite.url}/v1`,
      apiKey: await keyWith({ models: ['guard'], rpm_limit: 1 }),
      maxRetries: 0,
    });
    expect((await failureOf(own.audio.speech.create({ model: 'voice', voice: 'alloy', input: 'x' }))).status).toBe(403);
    await own.moderations.create({ input: 'x' });
    expect((await failureOf(own.moderations.create({ model: 'guard', input: 'x' }))).status).toBe(429);
  });
});
