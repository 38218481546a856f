/**
 * Where each value of a config stands: file, line, and the path that its author sees. Values may move (a key that is read
 * from another section, an included file), their places move with them.
 */
export type Path = readonly (string | number)[];

export interface Place {
  readonly file: string;
  readonly line: number | null;
  /** As written in that file, e.g. `model_list[2].litellm_params.model`. */
  readonly path: string;
}

/** `['a', 2, 'b.c']` -> `a[2]["b.c"]`. */
export function formatPath(path: Path): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else if (!/^[A-Za-z_][\w-]*$/.test(step)) text += `[${JSON.stringify(step)}]`;
    else text += text === '' ? step : `.${step}`;
  }
  return text;
}

interface PlaceNode {
  place: Place | null;
  readonly children: Map<string | number, PlaceNode>;
}

export class Places {
  readonly #root: PlaceNode = { place: null, children: new Map() };

  constructor(private readonly file: string) {}

  /** Records where the value at `path` stands in this file. */
  record(path: Path, line: number | null): void {
    this.#nodeAt(path).place = { file: this.file, line, path: formatPath(path) };
  }

  /** The place of a value; for one that is not there, its nearest parent's line with the full path. */
  find(path: Path): Place {
    let node: PlaceNode | undefined = this.#root;
    let best: { place: Place; rest: Path } | null = node.place === null ? null : { place: node.place, rest: path };
    for (const [index, step] of path.entries()) {
      node = node.children.get(step);
      if (node === undefined) break;
      if (node.place !== null) best = { place: node.place, rest: path.slice(index + 1) };
    }
    if (best === null) return { file: this.file, line: null, path: formatPath(path) };
    const rest = formatPath(best.rest);
    const joint = best.place.path === '' || rest === '' || rest.startsWith('[') ? '' : '.';
    return { ...best.place, path: best.place.path + joint + rest };
  }

  /** Lets everything under `from` (of this or another file) be found under `to`. */
  move(to: Path, from: Path, source: Places = this): void {
    const moved = source.#existing(from);
    if (moved === undefined) return;
    const target = this.#nodeAt(to);
    target.place = moved.place;
    for (const [step, child] of Array.from(moved.children)) target.children.set(step, child);
  }

  #nodeAt(path: Path): PlaceNode {
    let node = this.#root;
    for (const step of path) {
      let next = node.children.get(step);
      if (next === undefined) node.children.set(step, (next = { place: null, children: new Map() }));
      node = next;
    }
    return node;
  }

  #existing(path: Path): PlaceNode | undefined {
    let node: PlaceNode | undefined = this.#root;
    for (const step of path) node = node?.children.get(step);
    return node;
  }
}
