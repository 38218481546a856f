/** What a statement does, in few words without values: `SELECT keys`. For names of spans, so of low cardinality. Pure. */

const target = /\b(?:from|into|update|table|view)\s+(?:only\s+|if\s+(?:not\s+)?exists\s+)?"?([a-z_][a-z0-9_]*)"?/i;

/** The verb and the first table of a statement; the verb alone where there is no table. */
export function querySummary(sql: string): string {
  const statement = sql.replace(/^(?:\s|--[^\n]*\n|\/\*.*?\*\/)+/s, '');
  const verb = (/^[a-z]+/i.exec(statement)?.[0] ?? 'QUERY').toUpperCase();
  // The first table of a WITH is that of its first part; what is written is what counts.
  const written =
    verb === 'WITH' ? /\b(?:insert\s+into|update|delete\s+from)\s+"?([a-z_][a-z0-9_]*)"?/i.exec(statement) : null;
  const table = written?.[1] ?? target.exec(statement)?.[1];
  return table === undefined ? verb : `${verb} ${table}`;
}
