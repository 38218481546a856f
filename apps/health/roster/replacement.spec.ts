import { describe, expect, it } from 'vitest';
import { describeModel, replacementsFor, type FreeModel, type Wanted } from './replacement.js';

const now = new Date('2026-11-21T00:00:00Z');
const model = (id: string, more: Partial<FreeModel> = {}): FreeModel => ({
  id,
  contextLength: 32_768,
  strengths: [],
  created: 0,
  expires: null,
  ...more,
});
const wanted = (id: string, more: Partial<Wanted> = {}): Wanted => ({
  id,
  strengths: [],
  contextLength: null,
  ...more,
});
const names = (gone: Wanted, offered: FreeModel[], taken: string[] = []) =>
  replacementsFor(gone, offered, new Set(taken), now).map(({ id }) => id);

describe('a replacement', () => {
  it.each<[string, Wanted, FreeModel[], string]>([
    [
      'can do what the old one could',
      wanted('a/x:free', { strengths: ['tools'] }),
      [model('b/big:free', { contextLength: 1_000_000 }), model('c/handy:free', { strengths: ['tools'] })],
      'c/handy:free',
    ],
    [
      'can see where the name of the old one says that it could',
      wanted('a/llama-3.2-11b-vision:free'),
      [model('a/llama-3.3-70b:free'), model('g/gemma:free', { strengths: ['vision'] })],
      'g/gemma:free',
    ],
    [
      'holds what its users send',
      wanted('a/x:free', { contextLength: 100_000 }),
      [model('a/x-2:free', { strengths: ['tools'] }), model('b/y:free', { contextLength: 131_072 })],
      'b/y:free',
    ],
    [
      'is of the same family',
      wanted('deepseek/deepseek-chat-v3:free'),
      [model('z/other:free', { created: 9 }), model('deepseek/deepseek-v4:free')],
      'deepseek/deepseek-v4:free',
    ],
    [
      'is of the family without its number',
      wanted('x/qwen2.5:free'),
      [model('aa/other:free'), model('y/qwen3:free')],
      'y/qwen3:free',
    ],
    [
      'is the newest among equals',
      wanted('a/x:free'),
      [model('b/old:free', { created: 1 }), model('c/new:free', { created: 2 })],
      'c/new:free',
    ],
  ])('%s', (_name, gone, offered, best) => {
    expect(names(gone, offered)[0]).toBe(best);
  });

  it('costs nothing, talks, stays, and is not in the config yet', () => {
    const offered = [
      model('a/paid'),
      model('meta/llama-guard-4:free'),
      model('a/leaving:free', { expires: '2026-12-01' }),
      model('a/taken:free'),
      model('a/staying:free', { expires: '2027-06-01' }),
    ];
    expect(names(wanted('a/x:free'), offered, ['a/taken:free'])).toEqual(['a/staying:free']);
  });

  it('is one of three at most, in an order that does not depend on that of the list', () => {
    const offered = ['d', 'b', 'c', 'a'].map((name) => model(`v/${name}:free`));
    expect(names(wanted('x/y:free'), offered)).toEqual(['v/a:free', 'v/b:free', 'v/c:free']);
    expect(names(wanted('x/y:free'), offered.toReversed())).toEqual(['v/a:free', 'v/b:free', 'v/c:free']);
  });
});

it.each([
  [{ contextLength: 262_144, strengths: ['tools', 'thinking'] }, '262k context, tools, thinking'],
  [{ contextLength: null, strengths: [] }, 'context unknown'],
  [{ contextLength: 512, strengths: ['vision'] }, '512 context, vision'],
])('describes %j', (facts, text) => {
  expect(describeModel(facts)).toBe(text);
});
