/** Which addresses of a database are PostgreSQL's. Pure. */

export const notPostgres = 'must begin with postgresql:// or postgres://: no other database is supported';

/** True for an address that PostgreSQL's clients take. */
export function isPostgresUrl(url: string): boolean {
  return /^postgres(ql)?:\/\//i.test(url);
}
