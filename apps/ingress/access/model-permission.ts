/** Whether a list of models lets a model through: names, access groups, wildcards and LiteLLM's words for all. */

const words = new Set(['*', 'all-proxy-models', 'all-team-models']);

/**
 * True where `allowed` is empty or names one of `names`: the model as it was asked for, what it is an alias of, or an
 * access group that it belongs to. `openai/*` matches every model under that name.
 */
export function permitsModel(allowed: readonly string[], names: readonly string[]): boolean {
  if (allowed.length === 0) return true;
  return allowed.some((entry) => words.has(entry) || names.some((name) => entry === name || matches(entry, name)));
}

function matches(pattern: string, name: string): boolean {
  if (!pattern.includes('*')) return false;
  const [first = '', ...rest] = pattern.split('*');
  if (!name.startsWith(first)) return false;
  let at = first.length;
  for (const [i, part] of rest.entries()) {
    const found = i === rest.length - 1 ? name.length - part.length : name.indexOf(part, at);
    if (found < at || !name.startsWith(part, found)) return false;
    at = found + part.length;
  }
  return true;
}
