import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { genAi } from './gen-ai.js';

const root = join(import.meta.dirname, '..', '..');

it('names are those of v1.41.0: another one breaks searches and dashboards of users', () => {
  expect(Object.values(genAi).map((name) => name.replace(/^gen_ai\./, ''))).toEqual([
    'operation.name',
    'provider.name',
    'request.model',
    'request.stream',
    'output.type',
    'request.max_tokens',
    'request.temperature',
    'request.top_p',
    'request.top_k',
    'request.seed',
    'request.frequency_penalty',
    'request.presence_penalty',
    'request.stop_sequences',
    'request.choice.count',
    'response.id',
    'response.model',
    'response.finish_reasons',
    'response.time_to_first_chunk',
    'usage.input_tokens',
    'usage.output_tokens',
    'usage.cache_read.input_tokens',
    'usage.cache_creation.input_tokens',
    'usage.reasoning.output_tokens',
    'usage.cost',
    'system_instructions',
    'input.messages',
    'output.messages',
  ]);
});

it('no other file writes one', () => {
  const sources = globSync('{apps,libs}/**/*.ts', { cwd: root, exclude: (name) => name === 'node_modules' });
  const elsewhere = sources.filter((file) => !/\.spec\.ts$|gen-ai\.ts$/.test(file));
  expect(elsewhere.length).toBeGreaterThan(100);
  expect(elsewhere.filter((file) => /['"`]gen_ai\./.test(readFileSync(join(root, file), 'utf8')))).toEqual([]);
});
