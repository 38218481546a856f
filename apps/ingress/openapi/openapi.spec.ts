import 'reflect-metadata';
import { describe, expect, it } from 'vitest';
import {
  parseChatBody,
  parseCompletionBody,
  parseEmbeddingBody,
  parseMessagesBody,
  parsePassthroughJson,
  parseResponsesBody,
  passthroughEndpoints,
} from '#wire';
import { readKeyFields, readTeamFields, readUserFields } from '../../accounting/keys/admin-fields.js';
import { adminRoutes } from '../admin/roles.js';
import { IngressModule } from '../ingress.module.js';
import {
  ChatCompletionBody,
  CompletionBody,
  EmbeddingBody,
  ImageBody,
  KeyFields,
  MessagesBody,
  ModerationBody,
  RerankBody,
  SpeechBody,
  ResponsesBody,
  TeamFields,
  UserFields,
} from './bodies.js';
import { distinctRoutes, nameOf, openApiDocument } from './document.js';
import { operations } from './operations.js';
import { routesOf } from './route-list.client.js';

const controllers: (new () => object)[] = Reflect.getMetadata('controllers', IngressModule);
const routes = routesOf(controllers);
const document = openApiDocument(routes, operations, '1.2.3');
const asText = JSON.stringify(document);

describe('the description', () => {
  it('says something about every route that is served, and about no other', () => {
    expect(distinctRoutes(routes).map(nameOf).sort()).toEqual(Object.keys(operations).sort());
  });

  it('knows every route of the table of roles', () => {
    const described = new Set(Object.keys(operations));
    expect(
      adminRoutes.map((route) => route.replace(/:(\w+)/g, '{$1}')).filter((route) => !described.has(route)),
    ).toEqual([]);
  });

  it('refers only to schemas that it holds', () => {
    const { components } = document as { components: { schemas: Record<string, unknown> } };
    const asked = [...asText.matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map(([, name]) => name ?? '');
    expect(asked.length).toBeGreaterThan(50);
    expect(asked.filter((name) => !(name in components.schemas))).toEqual([]);
    expect(asText).not.toContain('"$schema"');
  });

  it('has an id of its own for every operation', () => {
    const ids = [...asText.matchAll(/"operationId":"([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.length).toBe(Object.keys(operations).length);
  });

  it('tells places in the path and parameters of the query', () => {
    expect(document).toMatchObject({
      openapi: '3.1.0',
      info: { version: '1.2.3' },
      paths: {
        '/key/{key}/regenerate': { post: { parameters: [{ name: 'key', in: 'path', required: true }] } },
        '/v1/models/{id}': { get: { parameters: [{ name: 'id', in: 'path' }] } },
        '/health/liveliness': { get: { security: [] } },
        '/team/info': { get: { parameters: [{ name: 'team_id', in: 'query' }] } },
      },
    });
  });

  it('also names a route that nothing was said about', () => {
    const { paths } = openApiDocument([{ method: 'GET', path: '/new' }], operations, '1') as { paths: object };
    expect(paths).toMatchObject({ '/new': { get: { summary: 'GET /new' } } });
  });
});

const question = [{ role: 'user', content: 'Which lamp is lit?' }];

const passedThrough = (name: 'rerank' | 'moderations' | 'speech' | 'generations') => (body: unknown) =>
  parsePassthroughJson(body, passthroughEndpoints[name]);

describe.each([
  [
    'chat',
    ChatCompletionBody,
    parseChatBody,
    { messages: question, temperature: 0.2, stream: true, num_retries: 1, reasoning_effort: 'low' },
  ],
  ['completion', CompletionBody, parseCompletionBody, { prompt: 'Once', max_tokens: 5, logprobs: 2, stop: ['.'] }],
  ['embedding', EmbeddingBody, parseEmbeddingBody, { input: ['a', 'b'], encoding_format: 'base64' }],
  [
    'responses',
    ResponsesBody,
    parseResponsesBody,
    { input: 'Hello', instructions: 'Be short.', max_output_tokens: 20 },
  ],
  ['rerank', RerankBody, passedThrough('rerank'), { query: 'lamp', documents: ['a', 'b'], top_n: 1 }],
  ['moderation', ModerationBody, passedThrough('moderations'), { input: ['a', 'b'] }],
  ['speech', SpeechBody, passedThrough('speech'), { input: 'Hello', voice: 'alloy' }],
  ['image', ImageBody, passedThrough('generations'), { prompt: 'A lamp', n: 2 }],
  ['messages', MessagesBody, parseMessagesBody, { max_tokens: 20, messages: question, stop_sequences: ['x'] }],
] as const)('the body of %s', (_name, schema, parse, fields) => {
  const body = { model: 'house', ...fields };

  it('is described as the parser takes it', () => {
    expect(schema.safeParse(body).success).toBe(true);
    expect(parse(body).kind).toBe('ok');
  });

  it('needs what the parser needs', () => {
    for (const name of Object.keys(body)) {
      const { [name]: _left, ...rest } = body as Record<string, unknown>;
      expect([name, schema.safeParse(rest).success]).toEqual([name, parse(rest).kind === 'ok']);
    }
  });
});

it.each([
  ['a key', KeyFields, readKeyFields],
  ['a team', TeamFields, readTeamFields],
  ['a user', UserFields, readUserFields],
] as const)('accounting knows every described field of %s', (_what, schema, read) => {
  const unknown = Object.keys(schema.shape).filter((name) => {
    try {
      return read({ [name]: Symbol('no value at all') }, { now: new Date(0) }).warnings.length > 0;
    } catch {
      return false;
    }
  });
  expect(unknown).toEqual([]);
});
