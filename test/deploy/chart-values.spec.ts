/** The chart's values and their schema, without helm: what is refused, and that nothing is left open by mistake. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { chart } from './chart.js';
import { at, list, root, textOf, tree, yamlOf, type Tree } from './deployment-files.js';

const schemaText = textOf(`${chart}/values.schema.json`);
const schema: unknown = JSON.parse(schemaText);
const check = z.fromJSONSchema(z.record(z.string(), z.json()).parse(schema));
const values = tree(yamlOf(`${chart}/values.yaml`));
const examples = readdirSync(join(root, chart, 'ci'));

type Path = readonly string[];

/** Paths of everything in the values that is no mapping. */
function leaves(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || Object.keys(value).length === 0)
    return [path];
  return Object.entries(value).flatMap(([name, child]) => leaves(child, [...path, name]));
}

/** Mappings of the values that have names of their own, the top included. */
function levels(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || Object.keys(value).length === 0) return [];
  return [path, ...Object.entries(value).flatMap(([name, child]) => levels(child, [...path, name]))];
}

/** The values with one of them replaced. */
function changed(value: unknown, path: Path, replacement: unknown): unknown {
  const [first, ...rest] = path;
  if (first === undefined) return replacement;
  const here: Tree = tree(value);
  return { ...here, [first]: changed(here[first], rest, replacement) };
}

/** Mappings whose names are up to the user, or to Kubernetes. */
const open =
  /^global|(resources|strategy|securityContext|podSecurityContext|labels|annotations|requests|limits|rollingUpdate)(\.|$)/;

describe('values.schema.json', () => {
  it('takes the defaults and every example', () => {
    expect(check.safeParse(values).error).toBeUndefined();
    for (const example of examples)
      expect(check.safeParse(yamlOf(`${chart}/ci/${example}`)).error, example).toBeUndefined();
    expect(examples.length).toBeGreaterThanOrEqual(3);
  });

  const closed = levels(values).filter((path) => !open.test(path.join('.')));
  it.each(closed.map((path) => [path.join('.') || '(top)', path] as const))(
    'refuses an unknown name in %s',
    (_name, path) => {
      expect(check.safeParse(changed(values, [...path, 'replicass'], 1)).success).toBe(false);
    },
  );

  const typed = leaves(values).filter((path) => path[0] !== 'global' && !/(resources|strategy)\./.test(path.join('.')));
  it.each(typed.map((path) => [path.join('.'), path] as const))('refuses a wrong type of %s', (_name, path) => {
    const now = path.reduce<unknown>((here, name) => at(here, name), values);
    const wrong = typeof now === 'string' ? [{ a: 1 }] : typeof now === 'object' ? 'text' : { a: 1 };
    expect(check.safeParse(changed(values, path, wrong)).success).toBe(false);
  });

  it.each([
    ['a probe that waits for less than two seconds', { common: { probes: { timeoutSeconds: 1 } } }],
    ['a worker without backends', { services: { 'provider-ollama': { workers: { gpu: {} } } } }],
    [
      'a name of a worker that makes others too long',
      { services: { 'provider-ollama': { workers: { ['g'.repeat(21)]: { backends: ['a'] } } } } },
    ],
    ['a config that the router does not get', { config: { mountIn: ['ingress'] } }],
    ['two servers of NATS, which have no majority', { nats: { replicas: 2 } }],
    ['a short pepper', { keyPepper: { value: 'short' } }],
  ])('refuses %s', (_name, wrong) => {
    expect(check.safeParse(wrong).success).toBe(false);
  });
});

describe('the chart', () => {
  const chartFile = yamlOf(`${chart}/Chart.yaml`);
  const templates = readdirSync(join(root, chart, 'templates'), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(yaml|tpl|txt)$/.test(name))
    .map((name) => [name, textOf(`${chart}/templates/${name}`)] as const);

  it('is of the release, and so is the tag of its image', () => {
    const version = z.object({ version: z.string() }).parse(JSON.parse(textOf('package.json'))).version;
    expect(at(chartFile, 'appVersion')).toBe(version);
    expect(at(values, 'image', 'tag')).toBe('');
    expect(list(at(chartFile, 'dependencies'))).toEqual([]);
  });

  it.each(templates)('%s makes up no secret and looks nothing up', (_name, source) => {
    expect(source).not.toMatch(
      /\b(randAlphaNum|randAlpha|randNumeric|uuidv4|genSignedCert|genPrivateKey|lookup|now)\b\s*["(.0-9]/,
    );
  });

  it('carries the rules as they are tested', () => {
    expect(textOf(`${chart}/files/rules.yaml`)).toBe(textOf('deploy/prometheus/rules.yaml'));
  });
});
