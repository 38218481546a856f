/** Which methods a path has, for those who use another one. Pure. */

export interface ServedRoute {
  /** `ALL` stands for every method. */
  readonly method: string;
  /** Places are written in braces: `/key/{key}/regenerate`. */
  readonly path: string;
}

/** Finds the methods of a path; none for a path that nobody serves. */
export function allowedMethods(routes: readonly ServedRoute[]): (path: string) => readonly string[] {
  const known = routes.map(({ method, path }) => ({ method, pattern: patternOf(path) }));
  return (path) => [...new Set(known.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method))].sort();
}

/** A final place takes the rest of the path where it is a model's name; others end at the next slash. */
function patternOf(path: string): RegExp {
  const parts = path.split('/').filter((part) => part !== '');
  const texts = parts.map((part) => (part.startsWith('{') ? '[^/]+' : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')));
  return new RegExp(`^/${texts.join('/')}/?$`);
}
