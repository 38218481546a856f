/** The image with the whole suite, for compose files that had one container: seed 004's, with two lines changed. */
import { parse } from 'yaml';
import { describe, expect, it } from 'vitest';
import { at, exists, findProgram, list, run, text, textOf, tree } from './deployment-files.js';

const recipe = textOf('deploy/docker/suite.Dockerfile');
const file = 'deploy/compose/one-container.yaml';
const compose = tree(parse(textOf(file)));
const composeProgram = findProgram(['docker-compose'], 'version');

describe('the recipe', () => {
  it('copies what exists and what the build may see', () => {
    const seen = textOf('.dockerignore').split('\n');
    for (const line of recipe.match(/^COPY --chown=.*$/gm) ?? []) {
      for (const source of line.split(/\s+/).slice(2, -1)) {
        expect(exists(source), source).toBe(true);
        expect(seen, source).toContain(`!${source.split('/')[0] ?? ''}`);
      }
    }
  });

  it('runs as nobody, and takes the arguments that LiteLLM is given', () => {
    expect(recipe).toMatch(/^USER node$/m);
    const entry: unknown = JSON.parse(/^ENTRYPOINT (.*)$/m.exec(recipe)?.[1] ?? '[]');
    expect(list(entry)).toEqual(['node', 'deploy/local/start.mjs', '--data-dir', '/data']);
    // What the launcher makes of both together is tested beside it.
    const given = list(at(compose, 'services', 'litellm', 'command')).map(text);
    expect(given).toEqual(['--config', '/app/config.yaml', '--port', '4000']);
  });
});

describe.skipIf(composeProgram === null)('Compose itself', () => {
  const config = (env: Record<string, string>) =>
    run(composeProgram ?? '', ['-f', file, 'config'], { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env });

  it('reads it, with the variables that its owner has', () => {
    const read = tree(parse(config({ LITELLM_MASTER_KEY: 'sk-1', OPENAI_API_KEY: 'sk-2' })));
    expect(at(read, 'services', 'litellm', 'environment', 'OPENAI_API_KEY')).toBe('sk-2');
    expect(at(read, 'services', 'litellm', 'command')).toEqual(['--config', '/app/config.yaml', '--port', '4000']);
  });

  it('says which variable is missing', () => {
    expect(() => config({})).toThrow(/LITELLM_MASTER_KEY/);
  });
});
