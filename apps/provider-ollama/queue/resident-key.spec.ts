import { describe, expect, it } from 'vitest';
import { residentKey, taggedName, warmKeys } from './resident-key.js';

describe('taggedName', () => {
  it.each([
    ['qwen3', 'qwen3:latest'],
    ['Qwen3:14B', 'qwen3:14b'],
    ['library/qwen3', 'library/qwen3:latest'],
    ['host:5000/me/qwen3', 'host:5000/me/qwen3:latest'],
    ['hf.co/me/model:Q4_K_M', 'hf.co/me/model:q4_k_m'],
  ])('%s -> %s', (name, tagged) => expect(taggedName(name)).toBe(tagged));
});

describe('residentKey', () => {
  it('is another one for another context size', () => {
    expect(residentKey('qwen3')).toBe('qwen3:latest');
    expect(residentKey('qwen3', { num_ctx: 8192, temperature: 1 })).toBe('qwen3:latest num_ctx=8192');
    expect(residentKey('qwen3', { num_ctx: 4096 })).not.toBe(residentKey('qwen3', { num_ctx: 8192 }));
    expect(residentKey('qwen3:latest', { num_ctx: null })).toBe('qwen3:latest');
  });
});

describe('warmKeys', () => {
  const listed = (name: string, contextLength: number | null = null, digest = name) => ({
    name,
    digest,
    contextLength,
  });

  it('matches names after adding the tag', () => {
    expect(warmKeys([listed('qwen3:latest')], ['qwen3:latest'], new Map())).toEqual(['qwen3:latest']);
  });

  it('takes a name of the same weights for warm', () => {
    const digests = new Map([['alias:latest', 'sha1']]);
    const warm = warmKeys([listed('qwen3:latest', null, 'sha1')], ['alias:latest', 'other:latest'], digests);
    expect(warm.sort()).toEqual(['alias:latest', 'qwen3:latest']);
  });

  it('tells context sizes apart', () => {
    const keys = ['qwen3:latest', 'qwen3:latest num_ctx=4096', 'qwen3:latest num_ctx=8192'];
    expect(warmKeys([listed('qwen3:latest', 8192)], keys, new Map())).toEqual(['qwen3:latest num_ctx=8192']);
  });
});
