import { describe, expect, it } from 'vitest';
import type { Health, Host } from '../api/answers.js';
import { hostCount, memoryOf, modelsOf } from './fleet.js';

function host(id: string, state: string, more: Partial<Host> = {}): Host {
  return { id, provider: 'ollama', api_base: 'http://host', state, reason: null, ...more };
}

function endpoint(model: string, id: string, backend: string, error?: string) {
  const facts = { model, model_id: id, backend, provider: 'ollama', upstream_model: 'qwen3' };
  return error === undefined ? facts : { ...facts, error };
}

function health(more: Partial<Health>): Health {
  return {
    healthy_endpoints: [],
    unhealthy_endpoints: [],
    backends: [],
    config: { revision: 'r', problems: [], refused: null },
    ...more,
  };
}

const loaded = { name: 'qwen3:latest', sizeBytes: 10, vramBytes: 10, contextLength: null, expiresAt: null };

describe('models of a health report', () => {
  it.each([
    ['on a host that answers', host('a', 'healthy'), undefined, { state: 'ready', tone: 'good' }],
    ['in memory', host('a', 'healthy', { loaded_models: [loaded] }), undefined, { state: 'loaded', tone: 'good' }],
    ['on a host nobody has asked yet', host('a', 'unknown'), undefined, { state: 'unknown', tone: 'idle' }],
    ['that cool down', host('a', 'healthy'), 'cooling down until 12:00: 429', { state: 'cooling', tone: 'warn' }],
    ['that are out', host('a', 'unhealthy'), 'connection refused', { state: 'out', tone: 'bad' }],
  ])('%s', (_what, backend, error, expected) => {
    const place = endpoint('m', 'd1', 'a', error);
    const lists = error === undefined ? { healthy_endpoints: [place] } : { unhealthy_endpoints: [place] };
    const [model] = modelsOf(health({ ...lists, backends: [backend] }));
    expect(model?.places[0]).toMatchObject({ ...expected, reason: error ?? null });
  });

  it('count who serves them, and put those first that nobody serves', () => {
    const models = modelsOf(
      health({
        healthy_endpoints: [endpoint('alpha', '1', 'a'), endpoint('half', '2', 'a')],
        unhealthy_endpoints: [endpoint('half', '3', 'b', 'down'), endpoint('zeta', '4', 'b', 'down')],
        backends: [host('a', 'healthy'), host('b', 'unhealthy')],
      }),
    );
    expect(models.map(({ name, tone, serving }) => [name, tone, serving])).toEqual([
      ['zeta', 'bad', 0],
      ['alpha', 'good', 1],
      ['half', 'warn', 1],
    ]);
  });

  it('count hosts that answer', () => {
    const backends = [host('a', 'healthy'), host('b', 'degraded'), host('c', 'unhealthy'), host('d', 'unknown')];
    expect(hostCount(health({ backends }))).toEqual({ up: 2, all: 4 });
  });
});

it.each([
  [10, 10, 'GPU'],
  [10, 4, '40 % GPU'],
  [10, 0, 'CPU'],
])('a model of %d bytes with %d of them on the GPU runs on %s', (sizeBytes, vramBytes, text) => {
  expect(memoryOf({ sizeBytes, vramBytes })).toBe(text);
});
