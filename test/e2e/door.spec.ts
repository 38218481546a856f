/** What is refused at the door: guesses, strange hosts and origins, methods and paths that are not there. */
import { request } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSuite, type Suite } from '#testing';

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** A request with any header, Host too. */
function call(
  url: string,
  path: string,
  options: { method?: string; headers?: Record<string, string>; body?: string | Uint8Array },
) {
  return new Promise<Answer>((resolve, reject) => {
    const { method = 'GET', headers = {} } = options;
    const asked = request(`${url}${path}`, { method, headers }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (body += chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    });
    asked.on('error', reject);
    asked.end(options.body);
  });
}

describe('with a master key', () => {
  let suite: Suite;
  beforeAll(async () => {
    suite = await startSuite({ config: { model_list: [] }, args: ['--cors-origins', 'https://app.example'] });
  });
  afterAll(() => suite?.stop());

  it.each([
    ['GET', '/v1/chat/completions', 'POST'],
    ['PUT', '/chat/completions', 'POST'],
    ['GET', '/v1/embeddings/', 'POST'],
    ['POST', '/v1/models', 'GET'],
    ['DELETE', '/v1/models/gpt-4o', 'GET'],
    ['GET', '/key/generate', 'POST'],
    ['GET', '/key/sk-1/regenerate', 'POST'],
    ['POST', '/key/info', 'GET'],
    ['PATCH', '/team/update', 'POST'],
    ['POST', '/spend/logs', 'GET'],
    ['POST', '/health/liveliness', 'GET'],
  ])('%s %s is 405 and says what is allowed', async (method, path, allow) => {
    const { status, headers, body } = await call(suite.url, path, { method });
    expect({ status, allow: headers['allow'] }).toEqual({ status: 405, allow });
    expect(JSON.parse(body)).toMatchObject({
      error: { code: 'method_not_allowed', type: 'invalid_request_error', message: expect.stringContaining(allow) },
    });
  });

  it('what is no request is refused in the same shape', async () => {
    const badPath = await call(suite.url, '/v1/models/%E0%A4%A', {});
    expect(badPath.status).toBe(400);
    expect(JSON.parse(badPath.body)).toMatchObject({
      error: { code: 'invalid_request', type: 'invalid_request_error' },
    });
    const tooMuch = await call(suite.url, '/v1/models', { headers: { 'x-long': 'a'.repeat(70_000) } });
    expect(tooMuch.status).toBe(431);
    expect(JSON.parse(tooMuch.body)).toMatchObject({ error: { code: 'request_too_large' } });
  });

  it.each(['/v1/models', '/health/liveliness', '/ui'])('HEAD %s is GET without a body', async (path) => {
    const headers = { authorization: `Bearer ${suite.adminKey}` };
    const { status, body } = await call(suite.url, path, { method: 'HEAD', headers });
    expect({ status, body }).toEqual({ status: 200, body: '' });
  });

  it.each(['/v1/chat/completions', '/v1/messages'])(
    '%s reads compressed bodies, and says what it does not read',
    async (path) => {
      const headers = { authorization: `Bearer ${suite.adminKey}`, 'content-type': 'application/json' };
      const body = { model: 'nobody', max_tokens: 1, messages: [{ role: 'user', content: 'Hi' }] };
      const send = (encoding: string, sent: Uint8Array) =>
        call(suite.url, path, { method: 'POST', headers: { ...headers, 'content-encoding': encoding }, body: sent });
      const packed = await send('gzip', gzipSync(JSON.stringify(body)));
      expect({ status: packed.status, body: packed.body }).toMatchObject({
        status: 404,
        body: expect.stringContaining('nobody'),
      });
      expect((await send('gzip', Buffer.from('{}'))).status).toBe(400);
      expect((await send('snappy', Buffer.from('{}'))).status).toBe(415);
      const bomb = await send('gzip', gzipSync(Buffer.alloc(50 * 1024 * 1024)));
      expect({ status: bomb.status, body: bomb.body }).toMatchObject({
        status: 413,
        body: expect.stringContaining('48 MB'),
      });
    },
  );

  it('tokens are counted only for a model that is there, and the list of models speaks to Anthropic\u2019s clients', async () => {
    const headers = {
      'x-api-key': suite.adminKey,
      'anthropic-version': '2023-06-01',
      'content-type': 'application/json',
    };
    const body = JSON.stringify({ model: 'nobody', messages: [{ role: 'user', content: 'Hi' }] });
    const counted = await call(suite.url, '/v1/messages/count_tokens', { method: 'POST', headers, body });
    const looked = await call(suite.url, '/v1/models/nobody', { headers });
    for (const answer of [counted, looked]) {
      expect(answer.status).toBe(404);
      expect(JSON.parse(answer.body)).toMatchObject({ type: 'error', error: { type: 'not_found_error' } });
    }
  });

  it('a wrong method is told to Anthropic\u2019s clients in their own shape', async () => {
    const { status, headers, body } = await call(suite.url, '/v1/messages', { method: 'GET' });
    expect({ status, allow: headers['allow'] }).toEqual({ status: 405, allow: 'POST' });
    expect(JSON.parse(body)).toMatchObject({ type: 'error', error: { type: 'invalid_request_error' } });
  });

  it.each([
    ['GET', '/nothing'],
    ['POST', '/v1/nothing'],
    ['POST', '/key'],
    ['GET', '/key/a/b/c'],
  ])('%s %s is 404', async (method, path) => {
    const { status, body } = await call(suite.url, path, { method });
    expect(status).toBe(404);
    expect(JSON.parse(body)).toMatchObject({ error: { code: 'not_found' } });
  });

  it('the console may be used though its origin is not on the list of others', async () => {
    const headers = { origin: suite.url, 'x-signalbox-console': '1', 'content-type': 'application/json' };
    const signedIn = await call(suite.url, '/ui/session', {
      method: 'POST',
      headers,
      body: JSON.stringify({ key: suite.adminKey }),
    });
    expect(signedIn.status).toBe(200);
    const cookie = String(signedIn.headers['set-cookie']).split(';')[0] ?? '';
    const made = await call(suite.url, '/key/generate', {
      method: 'POST',
      headers: { ...headers, cookie },
      body: '{}',
    });
    expect(made.status).toBe(200);
  });

  it('guesses are slowed down: keys, and the master key at the console', async () => {
    const headers = { 'x-signalbox-console': '1', 'content-type': 'application/json' };
    const statuses: number[] = [];
    for (let n = 0; n < 30; n += 1) {
      const guess = n % 2 === 0 ? `sk-guess-${n}` : `pw${n}`;
      const answer =
        n % 3 === 0
          ? await call(suite.url, '/v1/models', { headers: { authorization: `Bearer ${guess}` } })
          : await call(suite.url, '/ui/session', { method: 'POST', headers, body: JSON.stringify({ key: guess }) });
      statuses.push(answer.status);
      if (answer.status === 429) expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    }
    expect(statuses.slice(0, 15)).toEqual(Array(15).fill(401));
    expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(3);
    // Who had it right before is not locked out by the guesses of others at the same address.
    expect((await suite.fetch('/v1/models')).status).toBe(200);
  });
});

describe('without a master key', () => {
  let suite: Suite;
  beforeAll(async () => {
    suite = await startSuite({
      config: { model_list: [] },
      adminKey: null,
      args: ['--cors-origins', 'https://app.example'],
      env: { SIGNALBOX_ALLOWED_HOSTS: 'gateway.example' },
    });
  });
  afterAll(() => suite?.stop());
  const port = () => new URL(suite.url).port;

  it.each(['localhost', '127.0.0.1', '[::1]', '192.168.7.7', 'ingress', 'box.local', 'gateway.example'])(
    'the host %s is served',
    async (host) => {
      const answer = await call(suite.url, '/v1/models', { headers: { host: `${host}:${port()}` } });
      expect(answer.status).toBe(200);
    },
  );

  it.each(['evil.example', 'localhost.evil.example', 'gateway.example.evil.example', 'x#@localhost'])(
    'the host %s is a page that was rebound',
    async (host) => {
      for (const path of ['/v1/models', '/key/list', '/ui', '/health/liveliness']) {
        const answer = await call(suite.url, path, { headers: { host: `${host}:${port()}` } });
        expect(answer.status).toBeGreaterThanOrEqual(400);
        expect(answer.body).not.toContain('"data"');
      }
    },
  );

  it('its own origin may call it, and those of the list, and no other', async () => {
    const from = (origin: string) =>
      call(suite.url, '/key/generate', {
        method: 'POST',
        headers: { origin, 'content-type': 'application/json', 'x-signalbox-console': '1' },
        body: '{}',
      });
    expect((await from(suite.url)).status).toBe(200);
    expect((await from('https://app.example')).status).toBe(200);
    expect((await from('https://evil.example')).status).toBe(403);
    expect((await from('null')).status).toBe(403);
  });
});
