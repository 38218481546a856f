import { describe, expect, it } from 'vitest';
import { ApiDescription, subjectsOf } from './api-description.js';

const document = ApiDescription.parse({
  openapi: '3.1.0',
  info: { title: 'Signalbox', version: '1' },
  tags: [{ name: 'keys', description: 'Virtual keys.' }, { name: 'empty' }],
  paths: {
    '/spend/logs': {
      get: {
        summary: 'Rows',
        tags: ['spend'],
        parameters: [{ name: 'limit', in: 'query', description: 'At most 500', schema: { type: 'string' } }],
        responses: {
          200: {
            description: 'Rows',
            content: { 'application/json': { schema: { type: 'array', items: { $ref: '#/components/schemas/Row' } } } },
          },
        },
      },
    },
    '/key/block': {
      post: {
        summary: 'Block a key',
        tags: ['keys'],
        requestBody: { content: { 'application/json': { schema: { $ref: '#/components/schemas/Named' } } } },
        responses: { 200: { description: 'Done' } },
      },
    },
  },
  components: {
    schemas: {
      Named: {
        type: 'object',
        required: ['key'],
        properties: { key: { type: 'string', description: 'Key or token' } },
      },
      Row: {
        type: 'object',
        properties: {
          spend: { anyOf: [{ type: 'number' }, { type: 'null' }] },
          status: { enum: ['success', 'failure'] },
          tags: { type: 'array', items: { type: 'string' } },
          key: { $ref: '#/components/schemas/Named' },
          more: {},
        },
      },
    },
  },
});

describe('the page of the API', () => {
  const [keys, spend] = subjectsOf(document);

  it('puts operations under their subjects, and leaves out subjects without any', () => {
    expect(subjectsOf(document).map(({ name, description }) => [name, description])).toEqual([
      ['keys', 'Virtual keys.'],
      ['spend', ''],
    ]);
  });

  it('lists the fields of a body that is referred to', () => {
    expect(keys?.operations[0]).toMatchObject({
      method: 'POST',
      path: '/key/block',
      body: [{ name: 'key', type: 'string', required: true, description: 'Key or token' }],
      answer: [],
    });
  });

  it('lists the fields of what a list holds, with short names of their types', () => {
    expect(spend?.operations[0]?.answer.map(({ name, type }) => [name, type])).toEqual([
      ['spend', 'number or null'],
      ['status', '"success" or "failure"'],
      ['tags', 'list of string'],
      ['key', 'Named'],
      ['more', 'anything'],
    ]);
    expect(spend?.operations[0]?.parameters).toEqual([
      { name: 'limit', type: 'string, in the query', required: false, description: 'At most 500' },
    ]);
  });
});
