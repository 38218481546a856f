/**
 * Names what a request needs in a host's memory. Two requests with the same key share a loaded model; another `num_ctx`
 * (or another option of loading) is another resident, since Ollama loads the model again for it.
 */

/** Options whose change makes Ollama load a model again (Ollama's scheduler compares them). */
const loadOptions = ['num_ctx', 'num_batch', 'num_gpu', 'main_gpu', 'use_mmap', 'num_thread'] as const;

/** `qwen3` -> `qwen3:latest`, in lower case: names are compared so. */
export function taggedName(name: string): string {
  const lower = name.toLowerCase();
  const tagAt = lower.lastIndexOf(':');
  return tagAt > lower.lastIndexOf('/') ? lower : `${lower}:latest`;
}

/** The key of a model with the options it is loaded with; options that are not pinned are the engine's own. */
export function residentKey(model: string, options: Readonly<Record<string, unknown>> = {}): string {
  const pinned = loadOptions.flatMap((name) => {
    const value = options[name];
    return value === undefined || value === null ? [] : [`${name}=${JSON.stringify(value)}`];
  });
  return [taggedName(model), ...pinned].join(' ');
}

/** A model as /api/ps lists it. */
export interface ListedModel {
  readonly name: string;
  readonly digest: string | null;
  readonly contextLength: number | null;
}

/**
 * The keys that a host's list of loaded models makes warm, out of those that are `known` (waiting, running or seen before).
 * The list names one of the names of the same weights, so equal digests are looked up in `digestOf` (from /api/tags).
 */
export function warmKeys(
  listed: readonly ListedModel[],
  known: Iterable<string>,
  digestOf: ReadonlyMap<string, string>,
): string[] {
  const warm = new Set(listed.map((model) => taggedName(model.name)));
  for (const key of known) {
    const [name = '', ...options] = key.split(' ');
    const digest = digestOf.get(name);
    const match = listed.find(
      (model) => taggedName(model.name) === name || (digest !== undefined && model.digest === digest),
    );
    if (match === undefined) continue;
    const context = options.find((option) => option.startsWith('num_ctx='))?.slice('num_ctx='.length);
    const contextFits =
      context === undefined || match.contextLength === null || Number(context) === match.contextLength;
    // A model loaded with a pinned context is not the one that a request without it would get.
    if (contextFits && options.length > 0) warm.delete(name);
    if (contextFits) warm.add(key);
  }
  return [...warm];
}
