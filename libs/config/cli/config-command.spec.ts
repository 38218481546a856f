import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { runConfigCommand } from './config-command.js';

const folder = mkdtempSync(join(tmpdir(), 'signalbox-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

const sample = (name: string) => fileURLToPath(new URL(`../../../test/fixtures/samples/${name}`, import.meta.url));

function run(...args: string[]): { code: number; output: string } {
  const lines: string[] = [];
  const code = runConfigCommand(args, { print: (line) => lines.push(line), env: { LITELLM_MASTER_KEY: 'sk-1' } });
  return { code, output: lines.join('\n') };
}

describe('config check', () => {
  it('exits with 0 for a file that can be used, and says what is in it', () => {
    const { code, output } = run('check', sample('002-mixed-hardware.yaml'));
    expect(code).toBe(0);
    expect(output).toContain('is usable: 0 errors, 1 warning,');
    expect(output).toContain('5 models on 7 deployments and 4 backends, 8 aliases');
    const one = run('check', sample('001-budgets-and-intents.yaml')).output;
    expect(one).toContain('2 models on 2 deployments and 1 backend, 0 aliases');
  });

  it('exits with 1 for errors, each with file, line and path, also of included files', () => {
    writeFileSync(
      join(folder, 'bad.yaml'),
      'include: [more.yaml]\nmodel_list:\n  - model_name: a\n    litellm_params: {model: ollama/x, rpm: -1}\n',
    );
    writeFileSync(join(folder, 'more.yaml'), 'router_settings:\n  routing_strategy: luck\n');
    const { code, output } = run('check', join(folder, 'bad.yaml'));
    expect(code).toBe(1);
    expect(output).toContain(
      `${join(folder, 'bad.yaml')}:4: error: model_list[0].litellm_params.rpm: must be more than 0`,
    );
    expect(output).toContain(
      `${join(folder, 'more.yaml')}:2: error: router_settings.routing_strategy: there is no strategy 'luck'`,
    );
    expect(output).toContain('cannot be used: 2 errors');
  });

  it('exits with 1 for a file that is not there', () => {
    expect(run('check', join(folder, 'gone.yaml'))).toMatchObject({
      code: 1,
      output: expect.stringContaining('the file cannot be read'),
    });
  });

  it('explains a model: aliases, hosts in order, fallbacks each once', () => {
    const { output } = run('check', sample('002-mixed-hardware.yaml'), '--explain', 'reasoning_fast');
    const lines = output.split('\n').map((line) => line.replace(/ \(order[^[]*\[/, ' ['));
    expect(lines.slice(lines.indexOf('reasoning_fast -> nemotron-3-nano:4b (alias)'))).toEqual([
      'reasoning_fast -> nemotron-3-nano:4b (alias)',
      'nemotron-3-nano:4b on ollama-clementine-11434 [model_list[0]]',
      'nemotron-3-nano:4b on ollama-banana-11434 [model_list[1]]',
      'then, if that fails: reasoning_slow',
      '  reasoning_slow -> nemotron-cascade-2:30b (alias)',
      '  nemotron-cascade-2:30b on ollama-star-11434 [model_list[3]]',
      '  nemotron-cascade-2:30b on ollama-ollama-443 [model_list[2]]',
    ]);
  });

  it('explains limits, prices and what is out', () => {
    const { output } = run('check', sample('003-local-stack.yaml'), '--explain=qwen3-local');
    expect(output).toContain(
      'qwen3:14b on ollama-ollama-node-1-11434 (30 requests/min, timeout 600 s, free, data policy local)',
    );
    expect(output).toContain('$0.15 in, $0.6 out per million tokens');
    expect(output).toContain('OUT: OPENAI_API_KEY not set');
  });

  it('explains the tiers of a complexity router, and names that lead nowhere', () => {
    expect(run('check', sample('002-mixed-hardware.yaml'), '--explain', 'smart-router').output).toContain(
      'COMPLEX: reasoning_slow',
    );
    expect(run('check', sample('002-mixed-hardware.yaml'), '--explain', 'nope').output).toContain(
      "there is no model 'nope'",
    );
  });

  it.each([
    [[]],
    [['check']],
    [['check', 'a', 'b']],
    [['check', 'a', '--explain']],
    [['check', '--what', 'a']],
    [['explode']],
  ])('shows its usage for %j', (args) => {
    expect(run(...args)).toMatchObject({ code: 2, output: expect.stringContaining('signalbox config check FILE') });
  });
});

describe('config import-litellm', () => {
  it('says that it is not needed', () => {
    expect(run('import-litellm')).toMatchObject({ code: 0, output: expect.stringContaining('nothing to import') });
  });
});

describe('config schema', () => {
  it('prints the JSON Schema', () => {
    const { code, output } = run('schema');
    expect(code).toBe(0);
    expect(JSON.parse(output)).toMatchObject({ $schema: expect.stringContaining('json-schema.org'), type: 'object' });
  });
});
