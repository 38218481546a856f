/** Every cell of docs/compatibility.md, through the running suite. */
import { z } from 'zod';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSuite, type Suite } from '#testing';
import { readAnswer, type Dialect } from './matrix/answers.js';
import { backends, startFleet, type BackendName, type Fleet } from './matrix/backends.js';
import type { Limit } from './matrix/feature.js';
import { expectGot, features } from './matrix/features.js';
import { endpointRows, type EndpointRow } from './matrix/other-endpoints.js';

let fleet: Fleet;
let suite: Suite;

beforeAll(async () => {
  fleet = await startFleet();
  suite = await startSuite({ config: { model_list: fleet.modelList, router_settings: { num_retries: 0 } } });
});

afterAll(async () => {
  await suite?.stop();
  await fleet?.stop();
});

const paths: Readonly<Record<Dialect, string>> = {
  chat: '/v1/chat/completions',
  responses: '/v1/responses',
  messages: '/v1/messages',
  completions: '/v1/completions',
};

function ask(dialect: Dialect, body: object): Promise<Response> {
  const headers = dialect === 'messages' ? { 'anthropic-version': '2023-06-01' } : {};
  return suite.fetch(paths[dialect], { method: 'POST', body, headers });
}

const Refusal = z.object({
  error: z.object({ message: z.string(), type: z.string(), param: z.string().nullish() }),
});

async function expectRefused(response: Response, limit: Extract<Limit, { kind: 'refused' }>): Promise<void> {
  const text = await response.text();
  expect([response.status, text.slice(0, 300)]).toEqual([400, expect.anything()]);
  const { error } = Refusal.parse(JSON.parse(text));
  expect(error.type).toBe('invalid_request_error');
  // Anthropic's shape has no place for the parameter but the message.
  if (error.param !== undefined) expect(error.param).toBe(limit.param);
  else expect(error.message).toContain(limit.param);
}

const lastSent = (name: BackendName) =>
  fleet.upstreams[name].requests.findLast(({ method }) => method === 'POST')?.body;

const cells = features.flatMap((feature) =>
  (['chat', 'responses', 'messages', 'completions'] as const).flatMap((dialect) => {
    const fields = feature.ask[dialect];
    return fields === undefined ? [] : backends.map((name) => ({ feature, dialect, fields, name }));
  }),
);

describe.each([false, true])('stream %s', (stream) => {
  it.each(cells.map((cell) => [`${cell.feature.name}: ${cell.dialect} in front of ${cell.name}`, cell] as const))(
    '%s',
    async (_title, { feature, dialect, fields, name }) => {
      const { stream_options: options, ...rest } = fields;
      const body = {
        model: name,
        ...rest,
        stream,
        ...(stream && options !== undefined ? { stream_options: options } : {}),
      };
      const limit = feature.limits?.[name];
      if (limit?.kind === 'refused') {
        await expectRefused(await ask(dialect, body), limit);
        // These are no parameters that could be left out.
        if (limit.param === 'prompt' || limit.param === 'previous_response_id') return;
        const dropped = await ask(dialect, { ...body, drop_params: true });
        const told = await dropped.text();
        expect([dropped.status, told.slice(0, 300)]).toEqual([200, expect.anything()]);
        expect(readAnswer(dialect, stream, told).text).not.toBe('');
        return;
      }
      if (feature.behaviour !== undefined) fleet.upstreams[name].script.next(feature.behaviour);
      const response = await ask(dialect, body);
      const text = await response.text();
      expect([response.status, text.slice(0, 300)]).toEqual([200, expect.anything()]);
      expectGot(feature, readAnswer(dialect, stream, text));
      const sent = limit === undefined ? feature.sent?.[name] : undefined;
      if (sent !== undefined) expect(lastSent(name)).toMatchObject(sent);
    },
  );
});

describe('a stream', () => {
  it.each(['chat', 'completions'] as const)('of %s has a usage chunk only where it was asked for', async (dialect) => {
    for (const name of backends) {
      const fields = features[0]?.ask[dialect] ?? {};
      const text = await (await ask(dialect, { model: name, ...fields, stream: true })).text();
      expect(readAnswer(dialect, true, text).hasUsage).toBe(false);
      expect(text).not.toContain('"choices":[]');
    }
  });
});

describe('an upstream that tells no usage', () => {
  const head = { id: 'x', object: 'chat.completion', created: 1, model: 'm' };
  const sse = (data: object | string) => `data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`;

  it.each(['chat', 'responses', 'messages'] as const)('has it counted for %s', async (dialect) => {
    const whole = {
      ...head,
      choices: [{ index: 0, message: { role: 'assistant', content: 'Sunny.' }, finish_reason: 'stop' }],
    };
    const chunk = (delta: object, finish: string | null) =>
      sse({ ...head, object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason: finish }] });
    for (const stream of [false, true]) {
      const chunks = stream
        ? [chunk({ content: 'Sunny.' }, null), chunk({}, 'stop'), sse('[DONE]')]
        : [JSON.stringify(whole)];
      const contentType = stream ? 'text/event-stream' : 'application/json';
      fleet.upstreams.openai.script.next({ raw: { status: 200, contentType, chunks } });
      const options = stream && dialect === 'chat' ? { stream_options: { include_usage: true } } : {};
      const text = await (
        await ask(dialect, { model: 'openai', ...features[0]?.ask[dialect], stream, ...options })
      ).text();
      expect(readAnswer(dialect, stream, text)).toMatchObject({ text: 'Sunny.', hasUsage: true });
    }
  });
});

function askEndpoint(row: EndpointRow, name: BackendName): Promise<Response> {
  const model = `${name}${row.suffix}`;
  if (row.file === undefined) return suite.fetch(`/v1/${row.path}`, { method: 'POST', body: { model, ...row.body } });
  const form = new FormData();
  form.set('model', model);
  for (const [field, value] of Object.entries(row.body)) form.set(field, String(value));
  form.set(row.file, new File([new Uint8Array(2_000)], 'a.bin'));
  const headers = { authorization: `Bearer ${suite.adminKey}` };
  return fetch(`${suite.url}/v1/${row.path}`, { method: 'POST', headers, body: form });
}

const endpointCells = endpointRows.flatMap((row) => backends.map((name) => ({ row, name })));

it.each(endpointCells.map((cell) => [`/v1/${cell.row.path}: ${cell.row.name}, ${cell.name}`, cell] as const))(
  '%s',
  async (_title, { row, name }) => {
    const limit = row.limits[name];
    const response = await askEndpoint(row, name);
    if (limit?.kind === 'refused') return expectRefused(response, limit);
    const bytes = await response.arrayBuffer();
    expect([response.status, Buffer.from(bytes).toString('utf8', 0, 300)]).toEqual([200, expect.anything()]);
    expect(bytes.byteLength).toBeGreaterThan(10);
    if (row.path !== 'embeddings') return;
    const { data } = z
      .object({ data: z.array(z.object({ embedding: z.unknown() })) })
      .parse(JSON.parse(Buffer.from(bytes).toString()));
    expect(data).toHaveLength(Array.isArray(row.body['input']) && typeof row.body['input'][0] === 'string' ? 2 : 1);
    const isText = row.body['encoding_format'] === 'base64';
    expect(typeof data[0]?.embedding).toBe(isText ? 'string' : 'object');
  },
);
