import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readPs, readPullLine, readShow, readTags, readVersion } from './ollama-listing.js';

/** Bodies recorded from a real Ollama 0.32.15. */
function recorded(name: string): unknown {
  const file = new URL(`../__fixtures__/${name}.json`, import.meta.url);
  const parsed: unknown = JSON.parse(readFileSync(file, 'utf8'));
  return Reflect.get(Object(Reflect.get(Object(parsed), 'response')), 'body');
}

describe('a recorded Ollama', () => {
  it('lists what is installed, with capabilities and digests', () => {
    const { installed, digests } = readTags(recorded('tags'));
    expect(installed.find(({ name }) => name === 'tiny-embed:latest')).toEqual({
      name: 'tiny-embed:latest',
      sizeBytes: 119_942,
      contextLength: 256,
      capabilities: ['embedding'],
    });
    expect(digests.get('tiny-embed:latest')).toMatch(/^ad1c801c/);
  });

  it('lists what is loaded', () => {
    const { loaded, listed } = readPs(recorded('ps'));
    expect(loaded).toEqual([
      {
        name: 'tiny-a:latest',
        sizeBytes: 7_864_319,
        vramBytes: 0,
        contextLength: 4096,
        expiresAt: '2026-11-21T03:58:57.160199522Z',
      },
    ]);
    expect(listed[0]).toMatchObject({ name: 'tiny-a:latest', contextLength: 4096 });
    expect(readPs(recorded('ps-empty')).loaded).toEqual([]);
    expect(readPs(recorded('ps-num-ctx')).listed[0]?.contextLength).toBeGreaterThan(0);
  });

  it('shows a model', () => {
    expect(readShow(recorded('show-tools'))).toEqual({ contextLength: 4096, capabilities: ['completion', 'tools'] });
    expect(readShow(recorded('show-embed')).capabilities).toEqual(['embedding']);
  });

  it('tells its version', () => {
    expect(readVersion(recorded('version'))).toBe('0.32.15');
  });
});

describe('older releases and other servers', () => {
  it('may leave things out', () => {
    expect(readTags({ models: [{ name: 'm' }] }).installed[0]).toEqual({
      name: 'm',
      sizeBytes: null,
      contextLength: null,
      capabilities: null,
    });
    expect(readTags({ models: null }).installed).toEqual([]);
    expect(readShow({})).toEqual({ contextLength: null, capabilities: null });
  });

  it('are told from Ollama', () => {
    expect(() => readTags('<html>')).toThrow();
    expect(() => readPs({ models: [{}] })).toThrow();
  });
});

describe('readPullLine', () => {
  it.each([
    [{ status: 'pulling manifest' }, { status: 'pulling manifest', percent: null, error: null, done: false }],
    [
      { status: 'pulling 1', total: 200, completed: 50 },
      { status: 'pulling 1', percent: 25, error: null, done: false },
    ],
    [
      { status: 'pulling 1', total: 200 },
      { status: 'pulling 1', percent: 0, error: null, done: false },
    ],
    [{ status: 'success' }, { status: 'success', percent: null, error: null, done: true }],
    [{ error: 'no such model' }, { status: '', percent: null, error: 'no such model', done: false }],
  ])('%j', (line, progress) => expect(readPullLine(line)).toEqual(progress));
});
