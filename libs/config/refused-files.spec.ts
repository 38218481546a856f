import { describe, expect, it } from 'vitest';
import { load, model, problemsOf, withModel } from './testing/config-texts.js';

describe('a file that cannot be read', () => {
  it.each([
    ['an empty file', '', 'c.yaml:1: error: the file is empty'],
    ['only comments', '# nothing\n', 'c.yaml:1: error: the file is empty'],
    ['a list', '- a\n', 'c.yaml:1: error: must be a map of sections, is a list'],
    ['text', 'hello\n', 'c.yaml:1: error: must be a map of sections, is the text "hello"'],
    ['a tab', 'model_list:\n\t- a\n', 'c.yaml:2: error: tabs cannot indent YAML; use spaces'],
    [
      'a list item that stands deeper than its list, as in a snippet that was pasted',
      'model_list:\n  - model_name: a\n    litellm_params:\n      model: ollama/x\n    - model_name: a\n      litellm_params:\n        model: ollama/y\n',
      'c.yaml:5: error: the indentation does not fit: items of one list, and keys of one map, begin in the same column',
    ],
    [
      'a variable of the file that is a list',
      withModel('environment_variables:\n  A: [secret]\n'),
      'c.yaml:6: error: environment_variables.A: must be text, a number or true or false, is a list',
    ],
    [
      'a duplicate key',
      withModel('model_list: []\n'),
      "c.yaml:5: error: model_list: the key 'model_list' stands here twice",
    ],
    [
      'a list of models that is a number',
      'model_list: 3\n',
      'c.yaml:1: error: model_list: must be a list, is the number 3',
    ],
    [
      'settings that are a list',
      withModel('router_settings: [a]\n'),
      'c.yaml:5: error: router_settings: must be a map, is a list',
    ],
    ['a wrapper around nothing', 'proxy_config: 3\n', 'c.yaml:1: error: proxy_config: must be a map of sections'],
    [
      'an include from elsewhere',
      'include: [../x.yaml]\n',
      'c.yaml:1: error: include[0]: must be a file beside or below this one',
    ],
    [
      'an include that is not there',
      'include:\n  - x.yaml\n',
      'c.yaml:2: error: include[0]: the file x.yaml cannot be read',
    ],
    [
      'an include that is a number',
      'include: [3]\n',
      'c.yaml:1: error: include[0]: must be the name of a file, is the number 3',
    ],
  ])('%s', (_name, text, expected) => {
    expect(load(text).kind).toBe('invalid');
    expect(problemsOf(text).join('\n')).toContain(expected);
  });

  it('lists every problem at once, in the order of the lines', () => {
    const text = `model_list:\n${model(['rpm: -1'])}${model(['tpm: x'], 'b')}router_settings:\n  fallbacks: 3\nsignalbox:\n  nope: 1\n`;
    const errors = load(text).problems.filter(({ severity }) => severity === 'error');
    expect(errors.map(({ line, path }) => `${line} ${path}`)).toEqual([
      '5 model_list[0].litellm_params.rpm',
      '9 model_list[1].litellm_params.tpm',
      '11 router_settings.fallbacks',
      '13 signalbox.nope',
    ]);
  });

  it('says nothing of what broken YAML seems to lack, and one thing of each line', () => {
    expect(problemsOf('model_list:\n\t- model_name: a\n\t  litellm_params: {}\n').slice(0, 2)).toEqual([
      'c.yaml:2: error: tabs cannot indent YAML; use spaces',
    ]);
    const pasted = 'model_list:\n  - model_name: a\n    litellm_params:\n      model: ollama/x\n    - model_name: b\n';
    expect(problemsOf(pasted)).toHaveLength(1);
  });

  it('never shows a secret of the wrong type', () => {
    const text = `model_list:\n${model(['api_key: 123456789012'])}general_settings:\n  master_key: 987654321098\n`;
    expect(load(text).kind).toBe('invalid');
    expect(problemsOf(text).join('\n')).not.toMatch(/123456789012|987654321098/);
  });

  it('does not take a reference to a faulty deployment for a second fault', () => {
    const text = `model_list:\n${model(['rpm: -1'])}router_settings:\n  model_group_alias: {x: a}\n`;
    expect(load(text).problems.filter(({ severity }) => severity === 'error')).toHaveLength(1);
  });
});
