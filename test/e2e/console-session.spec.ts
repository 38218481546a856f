/** The console's cookie at the gateway: what it opens, for whom, and what it never does. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSuite, type Suite } from '#testing';

let suite: Suite;
let cookie: string;

async function signIn(headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${suite.url}/ui/session`, {
    method: 'POST',
    body: JSON.stringify({ key: suite.adminKey }),
    headers: { 'content-type': 'application/json', 'x-signalbox-console': '1', ...headers },
  });
}

beforeAll(async () => {
  suite = await startSuite({ config: { model_list: [] } });
  const answer = await signIn();
  expect(await answer.json()).toMatchObject({ required: true, signed_in: true });
  cookie = answer.headers.getSetCookie()[0]?.split(';')[0] ?? '';
  expect(cookie).toMatch(/^signalbox_console=./);
});

afterAll(() => suite?.stop());

describe('the cookie', () => {
  it.each([
    ['the console itself', {}, 200],
    ['a page of another site', { origin: 'https://evil.example' }, 401],
    ['another port of the same machine', { origin: 'http://127.0.0.1:3000' }, 401],
    ['a browser that says it came from elsewhere', { 'sec-fetch-site': 'same-site' }, 401],
    ['a link or a form, without the header', { 'x-signalbox-console': '' }, 401],
    ['somebody with a key of their own that is wrong', { authorization: 'Bearer sk-wrong-key' }, 401],
  ])('sent by %s is answered with %j -> %d', async (_who, headers, status) => {
    const answer = await fetch(`${suite.url}/key/list`, {
      headers: { cookie, 'x-signalbox-console': '1', ...headers },
    });
    expect(answer.status).toBe(status);
  });

  it.each(['/v1/models', '/v1/model/info'])('is no key for %s', async (path) => {
    const answer = await fetch(`${suite.url}${path}`, { headers: { cookie, 'x-signalbox-console': '1' } });
    expect(answer.status).toBe(401);
  });

  it('changes things for the console only', async () => {
    const body = JSON.stringify({ key_alias: 'made by the console' });
    const call = (headers: Record<string, string>) =>
      fetch(`${suite.url}/key/generate`, {
        method: 'POST',
        body,
        headers: { cookie, 'content-type': 'application/json', ...headers },
      });
    expect((await call({})).status).toBe(401);
    expect((await call({ 'x-signalbox-console': '1', origin: 'https://evil.example' })).status).toBe(401);
    expect((await call({ 'x-signalbox-console': '1', origin: suite.url })).status).toBe(200);
  });

  it('is never offered to another origin', async () => {
    const preflight = await fetch(`${suite.url}/key/generate`, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://evil.example',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'x-signalbox-console',
      },
    });
    expect(preflight.headers.get('access-control-allow-credentials')).toBeNull();
    expect((await signIn({ origin: 'https://evil.example' })).status).toBe(403);
  });

  it('is worth nothing once it was changed', async () => {
    const answer = await fetch(`${suite.url}/key/list`, {
      headers: { cookie: `${cookie.slice(0, -1)}${cookie.endsWith('A') ? 'B' : 'A'}`, 'x-signalbox-console': '1' },
    });
    expect(answer.status).toBe(401);
  });

  it('is marked secure where the browser came by https', async () => {
    const answer = await signIn({ 'x-forwarded-proto': 'https' });
    expect(answer.headers.getSetCookie()[0]).toContain('Secure');
  });
});

describe('signing in', () => {
  it.each([['sk-wrong'], [''], ['\u0000'], [null], [{ toString: 'sk' }]])('with %j is refused', async (key) => {
    const answer = await fetch(`${suite.url}/ui/session`, {
      method: 'POST',
      body: JSON.stringify({ key }),
      headers: { 'content-type': 'application/json', 'x-signalbox-console': '1' },
    });
    expect(answer.status).toBe(401);
    expect(answer.headers.getSetCookie()).toEqual([]);
  });

  it('needs the master key: no other key will do', async () => {
    const made = await suite.fetch('/key/generate', { method: 'POST', body: { role: 'admin' } });
    const { key } = (await made.json()) as { key: string };
    const answer = await fetch(`${suite.url}/ui/session`, {
      method: 'POST',
      body: JSON.stringify({ key }),
      headers: { 'content-type': 'application/json', 'x-signalbox-console': '1' },
    });
    expect(answer.status).toBe(401);
  });
});

describe('the files', () => {
  it('come with a policy that allows no script but their own', async () => {
    const answer = await fetch(`${suite.url}/ui`);
    const policy = answer.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self'");
    expect(policy).not.toContain('unsafe');
    expect(answer.headers.get('x-frame-options')).toBe('DENY');
    expect(await answer.text()).not.toMatch(/<script>|onload=|https?:\/\//);
  });

  it('are found by name only', async () => {
    for (const path of [
      '/ui/..%2f..%2fingress/main.js',
      '/ui/assets/../../ingress/main.js',
      '/ui/assets/',
      '/ui/nothing.js',
    ])
      expect((await fetch(`${suite.url}${path}`)).status).toBe(404);
  });

  it('are kept by the browser where their name holds a hash', async () => {
    const html = await (await fetch(`${suite.url}/ui`)).text();
    const script = /src="(\/ui\/assets\/[^"]+\.js)"/.exec(html)?.[1] ?? '';
    const answer = await fetch(`${suite.url}${script}`);
    expect(answer.headers.get('content-type')).toContain('javascript');
    expect(answer.headers.get('cache-control')).toContain('immutable');
    const etag = answer.headers.get('etag') ?? '';
    expect((await fetch(`${suite.url}${script}`, { headers: { 'if-none-match': etag } })).status).toBe(304);
  });
});

describe('a gateway without a master key', () => {
  let open: Suite;

  beforeAll(async () => {
    open = await startSuite({ config: { model_list: [] }, adminKey: null });
  });

  afterAll(() => open?.stop());

  it('has a console that asks for none, for its own pages', async () => {
    const own = { 'x-signalbox-console': '1', origin: open.url, 'content-type': 'application/json' };
    const state = await fetch(`${open.url}/ui/session`, { headers: own });
    expect(await state.json()).toMatchObject({ required: false, signed_in: true });
    const made = await fetch(`${open.url}/key/generate`, { method: 'POST', body: '{}', headers: own });
    expect(made.status).toBe(200);
    const elsewhere = { ...own, origin: 'https://evil.example' };
    expect((await fetch(`${open.url}/key/generate`, { method: 'POST', body: '{}', headers: elsewhere })).status).toBe(
      403,
    );
  });
});
