/**
 * Keeps the number of series bounded. Names of models come from clients where the config has wildcards: beyond the limit a
 * new one counts as `other`, so that nobody can fill the memory of a service and of Prometheus. Pure but for its memory.
 */

export type Labels = Record<string, string>;

/** Labels whose values a client can make up. */
const open = new Set(['model', 'from_model', 'to_model', 'gen_ai_request_model', 'gen_ai_response_model']);
const mostLength = 128;

export class BoundedLabels {
  private readonly known = new Set<string>();

  constructor(private readonly most = 500) {}

  /** The labels, with made-up values bounded in number and length. */
  of(labels: Labels): Labels {
    let bounded = labels;
    for (const name in labels) {
      if (!open.has(name)) continue;
      const value = labels[name] ?? '';
      const kept = this.keep(value);
      if (kept !== value) bounded = { ...bounded, [name]: kept };
    }
    return bounded;
  }

  private keep(value: string): string {
    if (this.known.has(value)) return value;
    const short = value.length > mostLength ? value.slice(0, mostLength) : value;
    if (this.known.has(short)) return short;
    if (this.known.size >= this.most) return 'other';
    this.known.add(short);
    return short;
  }
}
