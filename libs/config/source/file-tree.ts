/** The file, with the files it includes and without its `proxy_config:` wrapper, as one tree with places. */
import { dirname, join } from 'node:path';
import { didYouMean } from './closest-name.js';
import { describeValue, isPlainMap, type PlainMap } from './plain-map.js';
import type { Path, Places } from './places.js';
import type { Problems } from './problems.js';
import { readYaml } from './yaml-source.js';

export interface FileTree {
  readonly root: PlainMap;
  readonly places: Places;
  readonly problems: Problems;
  /** Path of each included file -> its name in `include`. */
  readonly includes: ReadonlyMap<string, string>;
}

/** Gives the text of an included file by its name, or null where it cannot be read. */
export type ReadInclude = (name: string) => string | null;

const maxIncludes = 64;

/** The names under `include` of a file that may be read: text in, names out. Faults are for `readFileTree` to tell. */
export function includeNames(text: string): string[] {
  const { value } = readYaml(text, '');
  const wrapped = isPlainMap(value) && isPlainMap(value['proxy_config']) ? value['proxy_config'] : value;
  const written: unknown = isPlainMap(wrapped) ? wrapped['include'] : undefined;
  const list: unknown[] = Array.isArray(written) ? written : [written];
  const names = list.filter((name): name is string => typeof name === 'string' && isBeside(name));
  return names.slice(0, maxIncludes);
}

const isBeside = (name: string) => name !== '' && !/^[/\\]/.test(name) && !name.split(/[/\\]/).includes('..');

/** Reads `text` and what it includes. What cannot be read is reported; the tree then holds the rest. */
export function readFileTree(
  file: string,
  text: string,
  readInclude: ReadInclude,
  isSection: (key: string) => boolean,
): FileTree {
  const source = readYaml(text, file);
  const { places, problems } = source;
  const root = unwrap(source.value, places, problems, isSection);
  const includes = new Map<string, string>();
  const names = takeIncludes(root, problems);
  for (const [index, name] of names.entries()) {
    const at = ['include', index];
    const path = join(dirname(file), name);
    const fault = includeFault(name, includes.has(path), names.length);
    if (fault !== null) {
      problems.error(at, fault);
      continue;
    }
    const included = readInclude(name);
    includes.set(path, name);
    if (included === null) problems.error(at, `the file ${path} cannot be read`);
    else mergeInclude(root, readYaml(included, path), { places, problems, at, isSection });
  }
  return { root, places, problems, includes };
}

function takeIncludes(root: PlainMap, problems: Problems): string[] {
  const written = root['include'];
  delete root['include'];
  if (written === undefined || written === null) return [];
  const list: unknown[] = Array.isArray(written) ? written : [written];
  return list.flatMap((name, index) => {
    if (typeof name === 'string' && name !== '') return [name];
    problems.error(['include', index], `must be the name of a file, is ${describeValue(name)}`);
    return [];
  });
}

function includeFault(name: string, isTwice: boolean, total: number): string | null {
  if (!isBeside(name)) return 'must be a file beside or below this one';
  if (isTwice) return 'is included twice';
  return total > maxIncludes ? `at most ${maxIncludes} files can be included` : null;
}

interface MergeTarget {
  readonly places: Places;
  readonly problems: Problems;
  readonly at: Path;
  readonly isSection: (key: string) => boolean;
}

/** Lists are joined, maps are filled up: what the main file says stands. */
function mergeInclude(root: PlainMap, included: ReturnType<typeof readYaml>, target: MergeTarget): void {
  const { places, problems } = target;
  const value = unwrap(included.value, included.places, included.problems, target.isSection);
  problems.absorb(included.problems);
  if (value['include'] !== undefined) problems.error(target.at, 'an included file cannot include others');
  for (const [key, section] of Object.entries(value)) {
    const own = root[key];
    if (own === undefined || own === null) {
      root[key] = section;
      places.move([key], [key], included.places);
    } else if (Array.isArray(own) && Array.isArray(section)) {
      for (const [index, item] of section.entries()) {
        places.move([key, own.length], [key, index], included.places);
        own.push(item);
      }
    } else if (isPlainMap(own) && isPlainMap(section)) fillMap(own, section, [key], included.places, target);
  }
}

function fillMap(
  own: PlainMap,
  section: PlainMap,
  path: Path,
  source: Places,
  { places, problems }: MergeTarget,
): void {
  for (const [key, item] of Object.entries(section)) {
    if (own[key] === undefined) {
      own[key] = item;
      places.move([...path, key], [...path, key], source);
    } else if (Array.isArray(own[key]) && Array.isArray(item)) own[key].push(...item);
    else problems.warning([...path, key], 'an included file has this too; this one counts');
  }
}

/** The settings, also where a Helm values file keeps them under `proxy_config:`. */
function unwrap(value: unknown, places: Places, problems: Problems, isSection: (key: string) => boolean): PlainMap {
  if (value === null || value === undefined) {
    if (!problems.hasErrors) problems.error([], 'the file is empty');
    return {};
  }
  if (!isPlainMap(value)) {
    problems.error([], `must be a map of sections, is ${describeValue(value)}`);
    return {};
  }
  if (value['proxy_config'] === undefined) return value;
  const inner = value['proxy_config'];
  for (const key of Object.keys(value)) {
    if (isSection(key)) problems.warning([key], 'not read: the settings stand under proxy_config here');
  }
  if (!isPlainMap(inner)) {
    problems.error(['proxy_config'], `must be a map of sections, is ${describeValue(inner)}`);
    return {};
  }
  places.move([], ['proxy_config']);
  return inner;
}

/** Says which top-level keys are not read. */
export function warnOfUnknownSections(
  root: PlainMap,
  known: readonly string[],
  inert: Readonly<Record<string, string>>,
  problems: Problems,
): void {
  for (const key of Object.keys(root)) {
    if (known.includes(key)) continue;
    const reason = Object.hasOwn(inert, key) ? inert[key] : undefined;
    if (reason !== undefined) problems.warning([key], `'${key}' has no effect here: ${reason}`);
    else problems.warning([key], `unknown section '${key}', ignored.${didYouMean(key, known)}`);
  }
}
