/**
 * YAML text as plain data with the place of every value. Stricter than the parser: duplicate keys, tabs, tags, aliases in
 * circles and expansion bombs are refused. Looser in one thing: plain yes, no, on and off are booleans, as in the YAML 1.1
 * that LiteLLM reads.
 */
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import type { ParsedNode, YAMLMap, YAMLSeq } from 'yaml';
import { Places, type Path } from './places.js';
import { Problems } from './problems.js';

export interface YamlSource {
  readonly value: unknown;
  readonly places: Places;
  readonly problems: Problems;
}

const maxBytes = 8 * 1024 * 1024;
/** Nodes that aliases may repeat in all; a file of 1,000 deployments that all share ten lines repeats 10,000. */
const maxRepeatedNodes = 50_000;
const maxDepth = 64;

const booleans: ReadonlyMap<string, boolean> = new Map([
  ['yes', true],
  ['on', true],
  ['no', false],
  ['off', false],
]);

/** Parses `text`; the problems name `file`. Never throws. */
export function readYaml(text: string, file: string): YamlSource {
  const places = new Places(file);
  const problems = new Problems(places);
  const lines = new LineCounter();
  const lineAt = (offset: number) => lines.linePos(offset).line;
  if (text.length > maxBytes) {
    problems.error([], `the file is larger than ${maxBytes} bytes`);
    return { value: undefined, places, problems };
  }
  const document = parseDocument(text.replace(/^\uFEFF/, ''), {
    lineCounter: lines,
    prettyErrors: false,
    merge: true,
    uniqueKeys: false,
    stringKeys: true,
    logLevel: 'error',
  });
  let lastLine = 0;
  for (const fault of [...document.errors, ...document.warnings]) {
    const line = lineAt(fault.pos[0]);
    places.record([], line);
    // One fault makes the parser stumble several times in its line.
    if (line !== lastLine) problems.error([], yamlFault(fault.code, fault.message));
    lastLine = line;
  }
  // What is left of broken text would only be complained about for what it lacks.
  if (document.errors.length > 0) return { value: undefined, places, problems };
  places.record([], document.contents === null ? 1 : lineAt(document.contents.range[0]));
  const reader = new NodeReader(places, problems, lineAt);
  return { value: reader.read(document.contents, [], 0), places, problems };
}

function yamlFault(code: string, message: string): string {
  switch (code) {
    case 'TAB_AS_INDENT':
      return 'tabs cannot indent YAML; use spaces';
    case 'BLOCK_AS_IMPLICIT_KEY':
    case 'BAD_INDENT':
      return 'the indentation does not fit: items of one list, and keys of one map, begin in the same column';
    case 'MULTIPLE_DOCS':
      return 'the file holds several YAML documents (`---`); keep one';
    case 'TAG_RESOLVE_FAILED':
      return `${message}; tags (\`!...\`) are not supported`;
    case 'BAD_ALIAS':
    case 'BAD_SCALAR_START':
      return `${message}; put the text in quotes`;
    default:
      return message.startsWith('Missing closing')
        ? `${message.replace(/(['"])quote$/, '$1')}: a quote is opened and never closed`
        : message;
  }
}

class NodeReader {
  readonly #anchors = new Map<string, ParsedNode>();
  readonly #open = new Set<ParsedNode>();
  #aliasDepth = 0;
  #repeated = 0;
  #isBomb = false;

  constructor(
    private readonly places: Places,
    private readonly problems: Problems,
    private readonly lineAt: (offset: number) => number,
  ) {}

  read(node: ParsedNode | null, path: Path, depth: number): unknown {
    if (node === null || this.#isBomb) return null;
    if (depth > maxDepth) {
      this.problems.error(path, `nested deeper than ${maxDepth} levels`);
      return null;
    }
    if (this.#aliasDepth > 0) this.#repeated += 1;
    if (this.#repeated > maxRepeatedNodes) {
      this.#isBomb = true;
      this.problems.error(path, `aliases repeat more than ${maxRepeatedNodes} values: refused as an expansion bomb`);
      return null;
    }
    if (isAlias(node)) return this.#readAlias(node.source, path, depth);
    if (node.anchor !== undefined && node.anchor !== '') this.#anchors.set(node.anchor, node);
    if (isScalar(node)) return scalarValue(node.value, node.source, node.type);
    this.#open.add(node);
    const value = isMap(node)
      ? this.#readMap(node, path, depth)
      : isSeq(node)
        ? this.#readSeq(node, path, depth)
        : null;
    this.#open.delete(node);
    return value;
  }

  #readAlias(name: string, path: Path, depth: number): unknown {
    const target = this.#anchors.get(name);
    if (target === undefined) {
      this.problems.error(path, `the YAML alias *${name} has no anchor &${name} before it`);
      return null;
    }
    if (this.#open.has(target)) {
      this.problems.error(path, `the YAML alias *${name} contains itself`);
      return null;
    }
    this.#aliasDepth += 1;
    const value = this.read(target, path, depth + 1);
    this.#aliasDepth -= 1;
    return value;
  }

  #readSeq(node: YAMLSeq.Parsed, path: Path, depth: number): unknown[] {
    return node.items.map((item, index) => {
      const itemPath = [...path, index];
      // Inside an alias the places are those of the anchor's own lines.
      this.places.record(itemPath, this.lineAt(item.range[0]));
      return this.read(item, itemPath, depth + 1);
    });
  }

  #readMap(node: YAMLMap.Parsed, path: Path, depth: number): Record<string, unknown> {
    const result: Record<string, unknown> = {};
    const own = new Set<string>();
    for (const { key, value } of node.items.filter((pair) => isMergeKey(pair.key))) {
      this.places.record([...path, '<<'], this.lineAt(key.range[0]));
      this.#merge(result, value, path, depth);
    }
    for (const { key, value } of node.items.filter((pair) => !isMergeKey(pair.key))) {
      const name = isScalar(key) && typeof key.value === 'string' ? key.value : '';
      const childPath = [...path, name];
      this.places.record(childPath, this.lineAt(key.range[0]));
      if (name === '__proto__') this.problems.error(childPath, 'this key is not allowed');
      else if (own.has(name)) this.problems.error(childPath, `the key '${name}' stands here twice`);
      else result[name] = this.read(value, childPath, depth + 1);
      own.add(name);
    }
    return result;
  }

  /** `<<: *base` and `<<: [*a, *b]`: the first of a list wins, the map's own keys win over both. */
  #merge(into: Record<string, unknown>, node: ParsedNode | null, path: Path, depth: number): void {
    const merged = this.read(node, path, depth + 1);
    const sources: unknown[] = Array.isArray(merged) ? merged.toReversed() : [merged];
    for (const source of sources) {
      if (source !== null && typeof source === 'object' && !Array.isArray(source)) Object.assign(into, source);
      else this.problems.error([...path, '<<'], 'a merge key (`<<`) takes a map, or a list of maps');
    }
  }
}

function isMergeKey(key: unknown): boolean {
  return isScalar(key) && key.source === '<<' && key.type === 'PLAIN';
}

function scalarValue(value: unknown, source: string | undefined, type: string | undefined): unknown {
  if (type !== 'PLAIN' || typeof value !== 'string' || source === undefined) return value;
  if (groupedDigits.test(source)) return Number(source.replaceAll('_', ''));
  return booleans.get(source.toLowerCase()) ?? value;
}

/** `20_000`: a number in YAML 1.1, which LiteLLM reads. */
const groupedDigits = /^[-+]?[1-9]\d*(_\d+)+(\.\d+)?$/;
