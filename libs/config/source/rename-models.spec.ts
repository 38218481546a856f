import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { renameModels } from './rename-models.js';

const names = new Map([
  ['meta/old:free', 'qwen/new:free'],
  ['x/gone:free', 'y/there:free'],
]);
const rename = (text: string) => renameModels(text, 'openrouter', names);

const file = `# our models
model_list:
    - model_name:   meta/old:free   # clients type this
      litellm_params: { model: openrouter/meta/old:free, api_key: os.environ/KEY } # cheap
      model_info: {description: "meta/old:free"}
    - model_name: quoted
      litellm_params:
          model: 'openrouter/x/gone:free'
          extra_body: {models: [meta/old:free, "z/kept:free"]}

router_settings: {fallbacks: [{quoted: [meta/old:free]}]}
`;

describe('renameModels', () => {
  it('changes what is asked upstream, and not one character more', () => {
    const { text, renamed } = rename(file);
    expect(text).toBe(
      file
        .replace('model: openrouter/meta/old:free', 'model: openrouter/qwen/new:free')
        .replace("'openrouter/x/gone:free'", "'openrouter/y/there:free'")
        .replace('models: [meta/old:free', 'models: [qwen/new:free'),
    );
    expect(renamed).toEqual([
      { line: 4, from: 'openrouter/meta/old:free', to: 'openrouter/qwen/new:free' },
      { line: 8, from: 'openrouter/x/gone:free', to: 'openrouter/y/there:free' },
      { line: 9, from: 'meta/old:free', to: 'qwen/new:free' },
    ]);
  });

  it.each([
    ['an anchor', 'a: &m openrouter/x/gone:free\nb: {model: *m}\n', 'a: &m openrouter/y/there:free\nb: {model: *m}\n'],
    ['merged maps', 'a: &d\n  model: x/gone:free\nb:\n  <<: *d\n', 'a: &d\n  model: y/there:free\nb:\n  <<: *d\n'],
    ['double quotes', 'model: "openrouter/x/gone:free" # why\r\n', 'model: "openrouter/y/there:free" # why\r\n'],
    ['escapes', 'model: "openrouter\\u002fx/gone:free"\n', 'model: "openrouter/y/there:free"\n'],
    ['a byte order mark', '\uFEFFmodel: x/gone:free\n', '\uFEFFmodel: y/there:free\n'],
  ])('finds %s', (_name, before, after) => {
    expect(rename(before).text).toBe(after);
  });

  it.each([
    ['names of other providers', 'model: openai/x/gone:free\n'],
    ['names that are only part of one', 'model: openrouter/x/gone:free-2\n'],
    ['keys and numbers', 'x/gone:free: 1\nmodel: 5\n'],
    ['nothing', ''],
  ])('leaves %s alone', (_name, text) => {
    expect(rename(text)).toEqual({ text, renamed: [] });
  });

  it('leaves every file alone that does not name them', () => {
    fc.assert(fc.property(fc.string(), (text) => rename(text).text === text));
  });
});
