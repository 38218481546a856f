/** What an error of PostgreSQL means for us. Codes: PostgreSQL manual, appendix A. */

const unavailableCodes = new Set([
  '57P01', // admin_shutdown
  '57P02', // crash_shutdown
  '57P03', // cannot_connect_now
  '57014', // query_canceled: the statement timeout
  '53100', // disk_full
  '53300', // too_many_connections
  '25006', // read_only_sql_transaction: a standby
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EPIPE',
  'ETIMEDOUT',
]);

const lostConnection =
  /connection terminated|connection timeout|timeout exceeded|query read timeout|client was closed/i;

/** The SQLSTATE or system code of an error, also where TypeORM wrapped it; null where it has none. */
export function sqlState(error: unknown): string | null {
  if (typeof error !== 'object' || error === null) return null;
  if ('driverError' in error && error.driverError !== error) {
    const inner = sqlState(error.driverError);
    if (inner !== null) return inner;
  }
  return 'code' in error && typeof error.code === 'string' ? error.code : null;
}

/** True where trying again later may help: the server is away, overloaded or shutting down. */
export function isUnavailable(error: unknown): boolean {
  const state = sqlState(error);
  if (state !== null && (unavailableCodes.has(state) || state.startsWith('08'))) return true;
  return error instanceof Error && lostConnection.test(error.message);
}

/** True where the values themselves are at fault (class 22: data, 23: constraints), so that trying again cannot help. */
export function isBadData(error: unknown): boolean {
  const state = sqlState(error);
  // A month's partition was attached between the choice of the partition and the row: next time it will be found.
  if (error instanceof Error && error.message.includes('partition constraint')) return false;
  return state !== null && /^2[23]/.test(state);
}

/** True where two transactions got into each other's way (deadlock, serialization): tried again, it works. */
export function isConflict(error: unknown): boolean {
  return ['40P01', '40001'].includes(sqlState(error) ?? '');
}

/** The name of the violated unique constraint; null for any other error. */
export function violatedUnique(error: unknown): string | null {
  if (sqlState(error) !== '23505' || typeof error !== 'object' || error === null) return null;
  const inner: object =
    'driverError' in error && typeof error.driverError === 'object' && error.driverError !== null
      ? error.driverError
      : error;
  return 'constraint' in inner && typeof inner.constraint === 'string' ? inner.constraint : '';
}
