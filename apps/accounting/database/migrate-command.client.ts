/** The migration on its own: what runs before an upgrade. Accounting does the same when it starts, under the same lock. */
import type { Logger } from '#telemetry';
import { migrate } from './data-source.client.js';

/** Brings the schema up to date; returns the exit code, 0 done (or nothing to do) and 1 not done. What happened is logged. */
export async function runMigrateCommand(databaseUrl: string | null, logger: Logger): Promise<number> {
  if (databaseUrl === null) {
    logger.error({}, 'DATABASE_URL is not set');
    return 1;
  }
  try {
    const steps = await migrate(databaseUrl, new Date());
    logger.info({ steps }, steps.length > 0 ? 'the schema was brought up to date' : 'the schema is up to date');
    return 0;
  } catch (error) {
    logger.error({ err: error }, 'the schema could not be brought up to date');
    return 1;
  }
}
