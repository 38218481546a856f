/** Brings the ledger's schema up to date and ends: `node dist/apps/accounting/migrate.js`. */
import 'reflect-metadata';
import { Environment } from '#config';
import { Logger } from '#telemetry';
import { runMigrateCommand } from './database/migrate-command.client.js';

const environment = Environment.ofProcess();
const logger = Logger.create('accounting', environment.logLevel);
process.exitCode = await runMigrateCommand(environment.databaseUrl, logger);
await logger.flush();
