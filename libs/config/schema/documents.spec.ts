/**
 * The schema and the tables in the repository are those of the code. After a change:
 * `npm run build && node libs/config/schema/write-documents.mjs`.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readYaml } from '../source/yaml-source.js';
import { configJsonSchema, documentedTables, fillKeyTables } from './documents.js';
import { ConfigFile } from './file-schema.js';

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');

describe('config.schema.json', () => {
  it('is the schema of this code', () => {
    expect(JSON.parse(read('config.schema.json'))).toEqual(configJsonSchema());
  });
});

describe('docs/config.md', () => {
  const document = read('docs/config.md');

  it('has a table for every section', () => {
    const found = [...document.matchAll(/<!-- keys: (\S+) -->/g)].map(([, name]) => name);
    expect(new Set(found)).toEqual(new Set(documentedTables));
  });

  it('has the tables of this code', () => {
    expect(fillKeyTables(document)).toBe(document);
  });

  it('shows settings in its examples that are valid', () => {
    const examples = [...document.matchAll(/```yaml\n([^]*?)```/g)].map(([, text = '']) => text);
    expect(examples.length).toBeGreaterThan(3);
    for (const text of examples) {
      const source = readYaml(text, 'example');
      expect(source.problems.sorted()).toEqual([]);
      expect(ConfigFile.safeParse(source.value).error?.issues ?? []).toEqual([]);
    }
  });
});

describe('fillKeyTables', () => {
  it('leaves unknown markers and all other text alone', () => {
    const text = 'a\n<!-- keys: nothing -->\nb\n<!-- end -->\nc\n';
    expect(fillKeyTables(text)).toBe(text);
  });
});
