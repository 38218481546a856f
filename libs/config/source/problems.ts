/** Everything that is wrong or worth knowing about a config, collected with its place. */
import type { ConfigProblem } from '#contracts';
import type { Path, Places } from './places.js';

export class Problems {
  readonly #list: ConfigProblem[] = [];
  readonly #known = new Set<string>();

  constructor(private readonly places: Places) {}

  /** The config cannot be used. */
  error(path: Path, message: string): void {
    this.#add('error', path, message);
  }

  /** Something written has no effect, or another effect than it seems. */
  warning(path: Path, message: string): void {
    this.#add('warning', path, message);
  }

  /** Which reading was taken where several were possible. */
  note(path: Path, message: string): void {
    this.#add('note', path, message);
  }

  get hasErrors(): boolean {
    return this.#list.some((problem) => problem.severity === 'error');
  }

  /** All of them in the order of the file's lines. */
  sorted(): ConfigProblem[] {
    return this.#list.toSorted((a, b) => a.file.localeCompare(b.file) || (a.line ?? 0) - (b.line ?? 0));
  }

  /** Takes over the problems of an included file. */
  absorb(other: Problems): void {
    this.#list.push(...other.#list);
  }

  #add(severity: ConfigProblem['severity'], path: Path, message: string): void {
    const problem = { severity, ...this.places.find(path), message };
    const key = JSON.stringify([problem.file, problem.path, message]);
    if (this.#known.has(key)) return;
    this.#known.add(key);
    this.#list.push(problem);
  }
}

/** One line for a terminal: `config.yaml:12: error: model_list[0].litellm_params.rpm: must be ...`. */
export function formatProblem(problem: ConfigProblem): string {
  const where = problem.line === null ? problem.file : `${problem.file}:${problem.line}`;
  const path = problem.path === '' ? '' : `${problem.path}: `;
  return `${where}: ${problem.severity}: ${path}${problem.message}`;
}
