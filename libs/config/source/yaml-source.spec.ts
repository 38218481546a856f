import { describe, expect, it } from 'vitest';
import { readYaml } from './yaml-source.js';

const problemsOf = (text: string) =>
  readYaml(text, 'c.yaml')
    .problems.sorted()
    .map(({ line, path, message }) => `${line} ${path} ${message}`);

describe('readYaml', () => {
  it.each([
    ['a duplicate key', 'a: 1\nb:\n  c: 1\n  c: 2\n', "4 b.c the key 'c' stands here twice"],
    ['a tab', 'a:\n\t- b\n', '2  tabs cannot indent YAML; use spaces'],
    ['an alias without an anchor', 'a:\n  b: *x\n', '2 a.b the YAML alias *x has no anchor &x before it'],
    ['an alias to itself', 'a: &a\n  b:\n    - *a\n', '3 a.b[0] the YAML alias *a contains itself'],
    ['a merge of itself', 'a: &a\n  <<: *a\n', '1 a the YAML alias *a contains itself'],
    [
      'a tag',
      'a: !!js/function x\n',
      '1  Unresolved tag: tag:yaml.org,2002:js/function; tags (`!...`) are not supported',
    ],
    ['two documents', 'a: 1\n---\nb: 2\n', '2  the file holds several YAML documents (`---`); keep one'],
    ['a list as a key', 'a: 1\n? [x]\n: 2\n', '2  With stringKeys, all keys must be strings'],
    ['an unclosed quote', 'a: "x\nb: 1\n', '3  Missing closing ": a quote is opened and never closed'],
    ['a merge of a number', 'a:\n  <<: 3\n', '2 a["<<"] a merge key (`<<`) takes a map, or a list of maps'],
    ['the key that reaches the prototype', '__proto__: {a: 1}\n', '1 __proto__ this key is not allowed'],
  ])('refuses %s with line and path', (_name, text, expected) => {
    expect(problemsOf(text)).toContain(expected);
  });

  it('refuses an expansion bomb quickly', () => {
    const levels = Array.from(
      { length: 12 },
      (_, i) => `l${i + 1}: &l${i + 1} [${Array(9).fill(`*l${i}`).join(', ')}]`,
    );
    const [problem] = problemsOf(`l0: &l0 [x, x, x]\n${levels.join('\n')}\n`);
    expect(problem).toContain('expansion bomb');
  });

  it('refuses endless nesting', () => {
    expect(problemsOf('['.repeat(200) + ']'.repeat(200))[0]).toContain('nested deeper');
  });

  it('expands anchors, aliases and merge keys, own keys first', () => {
    const text = 'base: &b {x: 1, y: 1}\nother: &o {x: 5, z: 5}\na:\n  <<: *b\n  y: 2\nc:\n  <<: [*b, *o]\nd: *b\n';
    expect(readYaml(text, 'c.yaml').value).toEqual({
      base: { x: 1, y: 1 },
      other: { x: 5, z: 5 },
      a: { x: 1, y: 2 },
      c: { x: 1, y: 1, z: 5 },
      d: { x: 1, y: 1 },
    });
    expect(problemsOf(text)).toEqual([]);
  });

  it('reads words that objects inherit as the text that they are', () => {
    const value = { a: 'constructor', b: ['__proto__', 'toString'] };
    expect(readYaml('a: constructor\nb: [__proto__, toString]\n', 'c.yaml').value).toEqual(value);
  });

  it('reads plain yes, no, on and off as booleans, and quoted ones as text', () => {
    expect(readYaml('a: yes\nb: Off\nc: "no"\nd: TRUE\n', 'c.yaml').value).toEqual({
      a: true,
      b: false,
      c: 'no',
      d: true,
    });
  });

  it('reads digits in groups as numbers, as YAML 1.1 does', () => {
    expect(readYaml('a: 20_000\nb: 1_000_000.5\nc: "1_0"\nd: gpt_4\ne: 1__0\n', 'c.yaml').value).toEqual({
      a: 20_000,
      b: 1_000_000.5,
      c: '1_0',
      d: 'gpt_4',
      e: '1__0',
    });
  });

  it('finds the place of a value, and of one that is missing', () => {
    const { places } = readYaml('list:\n  - name: x\n    "a.b":\n      c: 1\n', 'c.yaml');
    expect(places.find(['list', 0, 'a.b', 'c'])).toEqual({ file: 'c.yaml', line: 4, path: 'list[0]["a.b"].c' });
    expect(places.find(['list', 0, 'gone', 'deep'])).toEqual({ file: 'c.yaml', line: 2, path: 'list[0].gone.deep' });
  });

  it('takes a byte order mark and Windows line ends', () => {
    expect(readYaml('\uFEFFa: 1\r\nb: x\r\n', 'c.yaml').value).toEqual({ a: 1, b: 'x' });
  });
});
