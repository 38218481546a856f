/** Model names with `*`: matching, substitution, and which of several patterns is the closest. */

export interface WildcardPattern {
  readonly text: string;
  /** Characters that are not `*`: the more, the closer the match. */
  readonly literals: number;
  readonly parts: readonly string[];
}

/** True for names that hold a `*`. */
export function isWildcard(name: string): boolean {
  return name.includes('*');
}

/** A pattern, prepared once per config. */
export function wildcardPattern(text: string): WildcardPattern {
  const parts = text.split('*');
  return { text, parts, literals: text.length - parts.length + 1 };
}

/**
 * The texts that the stars stand for, or null where the name does not match. Linear: each part is looked for once from
 * left to right, so that no name can make it slow, as it could a regular expression.
 */
export function matchWildcard(pattern: WildcardPattern, name: string): string[] | null {
  const [first = '', ...rest] = pattern.parts;
  if (rest.length === 0) return name === first ? [] : null;
  if (!name.startsWith(first)) return null;
  const last = rest.pop() ?? '';
  const captured: string[] = [];
  let at = first.length;
  for (const part of rest) {
    const found = name.indexOf(part, at);
    if (found < 0) return null;
    captured.push(name.slice(at, found));
    at = found + part.length;
  }
  const end = name.length - last.length;
  if (end < at || !name.endsWith(last)) return null;
  captured.push(name.slice(at, end));
  return captured;
}

/** The upstream's name for a match: each `*` of the template gets the captured text at its place. */
export function fillWildcard(template: string, captured: readonly string[]): string {
  let next = 0;
  return template.replaceAll('*', () => {
    const text = captured[Math.min(next, captured.length - 1)] ?? '';
    next += 1;
    return text;
  });
}
