import { describe, expect, it } from 'vitest';
import { callbackNames, callbackTarget, missingForCallback } from './callback-targets.js';

const of = (variables: Record<string, string>) => (name: string) => variables[name];
const langfuse = { LANGFUSE_PUBLIC_KEY: 'pk', LANGFUSE_SECRET_KEY: 'sk' };

describe('Langfuse', () => {
  it.each([
    ['langfuse', {}, 'https://cloud.langfuse.com'],
    ['langfuse_otel', {}, 'https://us.cloud.langfuse.com'],
    ['langfuse', { LANGFUSE_HOST: 'http://langfuse:3000/' }, 'http://langfuse:3000'],
    ['langfuse', { LANGFUSE_BASE_URL: 'https://lf.example' }, 'https://lf.example'],
    ['langfuse', { LANGFUSE_HOST: 'lf.example' }, 'https://lf.example'],
  ])('%s with %j is %s', (name, more, host) => {
    expect(callbackTarget(name, of({ ...langfuse, ...more }))).toEqual({
      flavour: 'langfuse',
      url: `${host}/api/public/otel/v1/traces`,
      // pk:sk
      headers: { authorization: 'Basic cGs6c2s=', 'x-langfuse-ingestion-version': '4' },
    });
  });

  it('gets nothing without its keys', () => {
    expect(callbackTarget('langfuse', of({ LANGFUSE_PUBLIC_KEY: 'pk' }))).toBeNull();
    expect(missingForCallback('langfuse', of({ LANGFUSE_PUBLIC_KEY: 'pk' }))).toEqual(['LANGFUSE_SECRET_KEY']);
  });
});

it.each([
  [
    'otel',
    { OTEL_ENDPOINT: 'http://c:4318', OTEL_HEADERS: 'x-key=a=b, y=2' },
    'http://c:4318/v1/traces',
    { 'x-key': 'a=b', y: '2' },
  ],
  ['otel', { OTEL_ENDPOINT: 'http://c:4318/v1/traces' }, 'http://c:4318/v1/traces', {}],
  [
    'arize',
    { ARIZE_SPACE_ID: 's', ARIZE_API_KEY: 'k' },
    'https://otlp.arize.com/v1/traces',
    { space_id: 's', api_key: 'k' },
  ],
  ['arize_phoenix', { PHOENIX_COLLECTOR_ENDPOINT: 'http://p:6006' }, 'http://p:6006/v1/traces', {}],
  ['arize_phoenix', { PHOENIX_API_KEY: 'k' }, 'https://app.phoenix.arize.com/v1/traces', { authorization: 'Bearer k' }],
  ['logfire', { LOGFIRE_TOKEN: 't' }, 'https://logfire-api.pydantic.dev/v1/traces', { authorization: 't' }],
])('%s with %j leads to %s', (name, variables, url, headers) => {
  expect(callbackTarget(name, of(variables))).toMatchObject({ url, headers });
});

it("sends no second copy where the suite's own traces go out already", () => {
  const variable = of({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318' });
  expect(missingForCallback('otel', variable)).toEqual([]);
  expect(callbackTarget('otel', variable)).toBeNull();
});

it.each(callbackNames)('%s says what it misses', (name) => {
  expect(missingForCallback(name, () => undefined).length).toBeGreaterThan(0);
  expect(callbackTarget(name, () => undefined)).toBeNull();
});

it.each(['prometheus', 'toString', ''])('%j is none', (name) => {
  expect(callbackTarget(name, () => 'x')).toBeNull();
  expect(missingForCallback(name, () => undefined)).toEqual([]);
});
