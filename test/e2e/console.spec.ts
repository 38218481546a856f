/** The console in a real browser, in front of the running suite. */
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type BrowserContext, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { OllamaUpstream, OpenAiUpstream, openAiRefusals, startSuite, type Suite } from '#testing';

const executablePath = '/usr/bin/chromium';
/** A name that would run, were it ever put into a page as anything but text. */
const hostile = '<img src=x onerror="document.title=`hacked`">';

let suite: Suite;
let ollama: OllamaUpstream;
let cloud: OpenAiUpstream;
let profile: string;
let browser: BrowserContext;
let page: Page;
/** Whatever the browser complained about, and every address it asked for. */
const complaints: string[] = [];
const asked = new Set<string>();

async function start(): Promise<void> {
  ollama = await OllamaUpstream.start({ models: [{ name: 'llama3.1:8b' }, { name: 'qwen3:14b' }] });
  cloud = await OpenAiUpstream.start();
  suite = await startSuite({
    config: {
      model_list: [
        { model_name: 'house', litellm_params: { model: 'ollama/llama3.1:8b', api_base: ollama.url } },
        { model_name: hostile, litellm_params: { model: 'ollama/qwen3:14b', api_base: ollama.url } },
        { model_name: 'attic', litellm_params: { model: 'ollama/llama3.1:8b', api_base: 'http://127.0.0.1:9' } },
        {
          model_name: 'cloud',
          litellm_params: { model: 'openai/gpt-4o-mini', api_base: `${cloud.url}/v1`, api_key: 'sk-upstream-secret' },
        },
      ],
      router_settings: { num_retries: 0, fallbacks: [{ cloud: ['house'] }] },
    },
  });
  profile = await mkdtemp(join(tmpdir(), 'signalbox-chromium-'));
  browser = await chromium.launchPersistentContext(profile, {
    executablePath,
    headless: true,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
  page = browser.pages()[0] ?? (await browser.newPage());
  page.setDefaultTimeout(20_000);
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => asked.add(new URL(request.url()).origin));
}

async function chat(model: string, key = suite.adminKey): Promise<Response> {
  return suite.fetch('/v1/chat/completions', {
    method: 'POST',
    body: { model, messages: [{ role: 'user', content: 'Which lamp is lit?' }] },
    headers: { authorization: `Bearer ${key}` },
  });
}

async function signIn(key: string): Promise<void> {
  await page.getByLabel('Master key').fill(key);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

/** Opens a page of the console anew, so that one test cannot stand in the way of the next. */
async function show(path: string, heading: string): Promise<void> {
  await page.goto('about:blank');
  await page.goto(`${suite.url}/ui#/${path}`);
  await page.getByRole('heading', { name: heading, exact: true }).waitFor();
}

/** Where the browser is missing nothing is installed: the tests are skipped, and say why. */
describe.skipIf(!existsSync(executablePath))(`the console (skipped without ${executablePath})`, () => {
  beforeAll(start);

  afterAll(async () => {
    await browser?.close();
    await suite?.stop();
    await Promise.all([ollama?.stop(), cloud?.stop()]);
    if (profile !== undefined) await rm(profile, { recursive: true, force: true });
  });

  it('is where people look for it, and asks for the master key', async () => {
    for (const path of ['/', '/admin', '/ui/', '/ui']) {
      await page.goto(`${suite.url}${path}`);
      await page.getByLabel('Master key').waitFor();
      expect(new URL(page.url()).pathname).toMatch(/^\/ui\/?$/);
    }
    await signIn('sk-not-the-one');
    await page.getByText('That is not the master key of this gateway.').waitFor();
    expect(complaints.splice(0)).toEqual([expect.stringContaining('401')]);
  });

  it('lets the master key in, by a cookie that no script and no other site can use', async () => {
    await signIn(suite.adminKey);
    await page.getByRole('heading', { name: 'Models and hosts' }).waitFor();
    const cookies = await browser.cookies();
    expect(cookies).toMatchObject([{ name: 'signalbox_console', httpOnly: true, sameSite: 'Strict' }]);
    expect(await page.evaluate('document.cookie')).toBe('');
    await page.reload();
    await page.getByRole('heading', { name: 'Models and hosts' }).waitFor();
  });

  it('shows hosts and models with their state, and why they are out', async () => {
    const out = page.getByRole('row', { name: /attic/ });
    await out.getByText('out', { exact: true }).waitFor();
    expect(await out.innerText()).toMatch(/127\.0\.0\.1:9|refused|reach/i);
    await page
      .getByRole('row', { name: /^house/ })
      .getByText(/^ready/)
      .waitFor();
    expect(await page.getByRole('region', { name: 'Models and who serves them' }).innerText()).toContain(hostile);
  });

  it('makes a key that works, shows it once, blocks it and deletes it', async () => {
    await show('keys', 'Keys');
    await page.getByRole('button', { name: 'New key' }).click();
    await page.getByRole('textbox', { name: 'Name' }).fill(`laptop ${hostile}`);
    await page.getByLabel(/^Budget/).fill('5');
    await page.getByRole('button', { name: 'Make key' }).click();
    const field = page.getByLabel('The new key');
    await field.waitFor();
    const key = await field.inputValue();
    expect(key).toMatch(/^sk-[\w-]{22}$/);
    await page.getByRole('button', { name: 'Done' }).click();
    expect(await page.content()).not.toContain(key);
    expect((await chat('house', key)).status).toBe(200);

    const row = page.getByRole('row', { name: /^laptop/ });
    expect(await row.innerText()).toContain(hostile);
    expect(await row.innerText()).toContain('of $5.00');
    await row.getByRole('button', { name: /^Block/ }).click();
    await row.getByText('blocked').waitFor();
    expect((await chat('house', key)).status).toBe(401);
    await row.getByRole('button', { name: /^Unblock/ }).click();
    await row.getByText('active').waitFor();
    expect((await chat('house', key)).status).toBe(200);
    await row.getByRole('button', { name: /^Delete/ }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await row.waitFor({ state: 'detached' });
    expect((await chat('house', key)).status).toBe(401);
  });

  it('draws a bar for each budget of a key, in its unit', async () => {
    const made = await suite.fetch('/key/generate', {
      method: 'POST',
      body: { key_alias: 'batch', max_budget: 5, max_requests_budget: 4, budget_duration: '1d' },
    });
    const { key } = z.object({ key: z.string() }).parse(await made.json());
    expect((await chat('house', key)).status).toBe(200);
    await show('keys', 'Keys');
    const row = page.getByRole('row', { name: /^batch/ });
    await row.getByText('1 of 4 requests').waitFor();
    expect(await row.getByRole('meter', { name: 'Used of the budget in requests' }).getAttribute('aria-valuenow')).toBe(
      '25',
    );
    expect(await row.innerText()).toContain('$0 of $5.00');
  });

  it('shows the latest requests with the way they took', async () => {
    cloud.script.next({ refuse: openAiRefusals.server() });
    const answer = await chat('cloud');
    expect(answer.status).toBe(200);
    const traceId = answer.headers.get('x-trace-id') ?? '';
    expect((await chat(hostile)).status).toBe(200);
    await show('requests', 'Requests');
    const fallen = page.getByRole('row').filter({ hasText: 'answered at try 2' });
    await fallen.waitFor();
    expect(await fallen.locator('s').innerText()).toContain('gpt-4o-mini');
    expect(await fallen.innerText()).toContain('llama3.1:8b');
    await page.getByRole('row').filter({ hasText: hostile }).first().waitFor();
    await fallen.getByRole('button').press('Enter');
    await page.getByText(traceId).waitFor();
  });

  it('draws what was spent by day, and says it in numbers', async () => {
    await show('spend', 'Spend');
    await page.getByRole('button', { name: 'Tokens' }).click();
    const chart = page.getByRole('img', { name: /^Tokens by day and model/ });
    await chart.waitFor();
    await page.locator('.chart rect.series-0').first().waitFor();
    await page.getByRole('rowheader', { name: hostile }).waitFor();
    await chart.press('ArrowLeft');
    expect(await page.locator('figcaption').innerText()).toContain(hostile);
    await page.getByRole('button', { name: 'Key', exact: true }).click();
    await page.getByRole('img', { name: /^Tokens by day and key/ }).waitFor();
  });

  it('can be used with the keyboard alone', async () => {
    await page.goto(`${suite.url}/ui#/`);
    await page.reload();
    await page.getByRole('heading', { name: 'Models and hosts' }).waitFor();
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('To the contents');
    for (let presses = 0; presses < 4; presses += 1) await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Spend' }).waitFor();
    await page.goto(`${suite.url}/ui#/keys`);
    await page.getByRole('button', { name: 'New key' }).press('Enter');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  });

  it('shows the description of the API', async () => {
    await page.goto(`${suite.url}/docs`);
    await page.getByText('/v1/chat/completions', { exact: true }).click();
    await page.getByRole('rowheader', { name: 'messages' }).first().waitFor();
    await page.goto(`${suite.url}/ui`);
  });

  it('ends a session for good when somebody signs out', async () => {
    const [cookie] = await browser.cookies();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('Master key').waitFor();
    expect(await browser.cookies()).toEqual([]);
    const again = await fetch(`${suite.url}/key/list`, {
      headers: { cookie: `${cookie?.name ?? ''}=${cookie?.value ?? ''}`, 'x-signalbox-console': '1' },
    });
    expect(again.status).toBe(401);
  });

  it('asked nobody but the gateway, ran nothing that came as a name, and broke no rule of its own', async () => {
    expect([...asked]).toEqual([suite.url]);
    expect(await page.title()).not.toBe('hacked');
    expect(complaints).toEqual([]);
  });
});
