/** What services expose, and whether the selectors of a PromQL expression find anything in it. */

export interface Sample {
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
}

/** The samples of a text in Prometheus' format; throws for a line that is none. */
export function samplesIn(text: string): Sample[] {
  return text.split('\n').flatMap((line) => {
    if (line === '' || line.startsWith('#')) return [];
    const match = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)/.exec(line);
    if (match === null) throw new Error(`no sample: ${line}`);
    const [, name = '', labels = '', value = ''] = match;
    const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(
      ([, label = '', text_ = '']): [string, string] => [label, text_],
    );
    return [{ name, labels: new Map(pairs), value: Number(value) }];
  });
}

/** Selectors of an expression, `name{matchers}`, as they stand. Names that are functions or keywords are for the caller to leave out. */
export function selectorsIn(expression: string): { name: string; matchers: string }[] {
  return [...expression.matchAll(/\b((?:signalbox|process|nodejs|up)[a-z0-9_:]*)(?:\{([^}]*)\})?/g)].map(
    ([, name = '', matchers = '']) => ({ name, matchers }),
  );
}

/** Whether a sample fits `label="value", other=~"a|b"`. Labels that the scrape adds are not looked at. */
export function fits(sample: Sample, name: string, matchers: string): boolean {
  if (sample.name !== name) return false;
  return [...matchers.matchAll(/(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"/g)].every(([, label = '', how = '', wanted = '']) => {
    if (label === 'job' || label === 'component') return true;
    const value = sample.labels.get(label) ?? '';
    const isMatch = how.endsWith('~') ? new RegExp(`^(?:${wanted})$`).test(value) : value === wanted;
    return how.startsWith('!') ? !isMatch : isMatch;
  });
}
