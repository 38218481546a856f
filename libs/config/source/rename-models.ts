/** Other models in the text of a config file, with everything else as it stands: comments, quotes, order, line ends. Pure. */
import { isAlias, isPair, isScalar, isSeq, LineCounter, parseDocument, visit, type Scalar } from 'yaml';

export interface Renaming {
  readonly line: number;
  readonly from: string;
  readonly to: string;
}

export interface RenamedText {
  readonly text: string;
  readonly renamed: readonly Renaming[];
}

/**
 * Renames values of `model`, and items of `models`, that name one of `names` (old -> new, without the provider's prefix).
 * `prefix` is the provider in front of them, which may be left out in the text. Behind a YAML alias the anchor's own value
 * is renamed.
 */
export function renameModels(text: string, prefix: string, names: ReadonlyMap<string, string>): RenamedText {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: false, merge: true, logLevel: 'error' });
  const found = new Set<Scalar>();
  const take = (node: unknown) => {
    const value = isAlias(node) ? node.resolve(document) : node;
    if (isScalar(value)) found.add(value);
  };
  visit(document, {
    Pair(_key, pair) {
      if (!isPair(pair) || !isScalar(pair.key)) return;
      if (pair.key.value === 'model') take(pair.value);
      if (pair.key.value === 'models' && isSeq(pair.value)) pair.value.items.forEach(take);
    },
  });
  const edits = [...found].flatMap((scalar) => editOf(scalar, text, prefix, names) ?? []);
  const renamed = edits
    .toSorted((a, b) => a.start - b.start)
    .map(({ start, from, to }) => ({ line: lines.linePos(start).line, from, to }));
  // From the end, so that earlier offsets stay right.
  const edited = edits
    .toSorted((a, b) => b.start - a.start)
    .reduce((sum, { start, end, source }) => sum.slice(0, start) + source + sum.slice(end), text);
  return { text: edited, renamed };
}

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly source: string;
  readonly from: string;
  readonly to: string;
}

function editOf(scalar: Scalar, text: string, prefix: string, names: ReadonlyMap<string, string>): Edit | null {
  const { value, range } = scalar;
  if (typeof value !== 'string' || range == null) return null;
  const name = value.startsWith(`${prefix}/`) ? value.slice(prefix.length + 1) : value;
  const replacement = names.get(name);
  if (replacement === undefined) return null;
  const [start, end] = range;
  const written = text.slice(start, end);
  const to = value.slice(0, value.length - name.length) + replacement;
  // Quotes stay; a text that is written with escapes is written anew.
  const source = written.includes(value) ? written.replace(value, () => to) : JSON.stringify(to);
  return { start, end, source, from: value, to };
}
