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

const keyOf = (path: Path) => JSON.stringify(path);

export class Places {
  readonly #places = new Map<string, Place>();

  constructor(private readonly file: string) {}

  /** Records where the value at `path` stands in this file. */
  record(path: Path, line: number | null): void {
    this.#places.set(keyOf(path), { file: this.file, line, path: formatPath(path) });
  }

  /** The place of a value; for one that is not there, its nearest parent's line with the full path. */
  find(path: Path): Place {
    for (let length = path.length; length >= 0; length -= 1) {
      const place = this.#places.get(keyOf(path.slice(0, length)));
      if (place === undefined) continue;
      const rest = formatPath(path.slice(length));
      const joint = place.path === '' || rest === '' || rest.startsWith('[') ? '' : '.';
      return { ...place, path: place.path + joint + rest };
    }
    return { file: this.file, line: null, path: formatPath(path) };
  }

  /** Lets everything under `from` (of this or another file) be found under `to`. */
  move(to: Path, from: Path, source: Places = this): void {
    const prefix = keyOf(from).slice(0, -1);
    const entries = Array.from(source.#places);
    for (const [key, place] of entries) {
      if (key !== `${prefix}]` && prefix !== '[' && !key.startsWith(`${prefix},`)) continue;
      const steps: unknown = JSON.parse(key);
      if (Array.isArray(steps)) this.#places.set(JSON.stringify([...to, ...steps.slice(from.length)]), place);
    }
  }
}
