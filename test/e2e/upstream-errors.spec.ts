/** Whatever an upstream answers, the client gets the gateway's own errors: by the table, without keys and addresses, and never a 401 that is not its own. */
import { z } from 'zod';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startFleet, type BackendName, type Fleet } from '../compat/matrix/backends.js';
import { startSuite, type Suite } from '#testing';
import { leak, leaks, refusals } from './upstream-refusals.js';

let fleet: Fleet;
let suite: Suite;

beforeAll(async () => {
  fleet = await startFleet();
  suite = await startSuite({
    config: { model_list: fleet.modelList, router_settings: { num_retries: 0, disable_cooldowns: true } },
  });
});

afterAll(async () => {
  await suite?.stop();
  await fleet?.stop();
});

const Failure = z.object({
  error: z.object({ message: z.string().min(5), type: z.string(), code: z.string(), param: z.string().nullable() }),
});
const AnthropicFailure = z.object({
  type: z.literal('error'),
  error: z.object({ type: z.string(), message: z.string().min(5) }),
});

let key: string;
beforeAll(async () => {
  const made = await suite.fetch('/key/generate', { method: 'POST', body: {} });
  key = z.object({ key: z.string() }).parse(await made.json()).key;
});

function ask(path: string, body: object): Promise<Response> {
  const headers = { authorization: `Bearer ${key}` };
  return suite.fetch(path, { method: 'POST', headers, body: { messages: [{ role: 'user', content: 'x' }], ...body } });
}

const rows = Object.entries(refusals).flatMap(([kind, list]) =>
  list.map((one) => {
    const text = JSON.stringify(one.refuse.body);
    return [`${kind} ${one.refuse.status} ${text.slice(0, 60)}`, kind as BackendName, one] as const;
  }),
);

describe('the refusal', () => {
  it.each(rows)('%s', async (_title, kind, { refuse, status, code, retryAfter }) => {
    for (const stream of [false, true]) {
      fleet.upstreams[kind].script.next({ refuse });
      const response = await ask('/v1/chat/completions', { model: kind, stream });
      const text = await response.text();
      expect([response.status, text]).toEqual([status, expect.not.stringMatching(leaks)]);
      expect(Failure.parse(JSON.parse(text)).error.code).toBe(code);
      if (retryAfter === true) expect(response.headers.get('retry-after')).toBe('7');
    }
    fleet.upstreams[kind].script.next({ refuse });
    const named = await (await ask('/v1/chat/completions', { model: kind })).text();
    if (status >= 429) expect(Failure.parse(JSON.parse(named)).error.message).toContain(kind);
    fleet.upstreams[kind].script.next({ refuse });
    const response = await ask('/v1/messages', { model: kind, max_tokens: 10 });
    const text = await response.text();
    expect([response.status, text]).toEqual([status, expect.not.stringMatching(leaks)]);
    expect(AnthropicFailure.parse(JSON.parse(text)).error.type).not.toBe('authentication_error');
  });
});

describe('a failure in the middle of a stream', () => {
  it.each(['ollama', 'openai', 'openrouter', 'anthropic', 'engine'] as const)(
    'of %s is told inside it, scrubbed',
    async (kind) => {
      for (const path of ['/v1/chat/completions', '/v1/responses', '/v1/messages']) {
        fleet.upstreams[kind].script.next({ breakAfter: { pieces: 2, how: 'error', message: leak } });
        const response = await ask(path, { model: kind, stream: true, max_tokens: 100, input: 'x' });
        const text = await response.text();
        expect([path, response.status, text]).toEqual([path, 200, expect.not.stringMatching(leaks)]);
        expect(text).toContain('error');
        expect(text).not.toContain('[DONE]');
        expect(text).not.toContain('message_stop');
        expect(text).not.toContain('response.completed');
      }
    },
  );
});

describe('an upstream that is not there', () => {
  it('is named to nobody but admins', async () => {
    await fleet.stop();
    const response = await ask('/v1/chat/completions', { model: 'openai' });
    const text = await response.text();
    expect([503, 502]).toContain(response.status);
    expect(text).not.toMatch(leaks);
  });
});
