/** Nest's own messages through the one logger: start-up chatter at debug, the rest as it is. */
import type { LoggerService } from '@nestjs/common';
import type { Logger } from '#telemetry';

export function nestLogger(logger: Logger): LoggerService {
  const fields = (rest: unknown[]) => ({ from: rest.findLast((part) => typeof part === 'string') ?? 'Nest' });
  return {
    log: (message: unknown, ...rest: unknown[]) => logger.debug(fields(rest), String(message)),
    debug: (message: unknown, ...rest: unknown[]) => logger.debug(fields(rest), String(message)),
    verbose: (message: unknown, ...rest: unknown[]) => logger.debug(fields(rest), String(message)),
    warn: (message: unknown, ...rest: unknown[]) => logger.warn(fields(rest), String(message)),
    error: (message: unknown, ...rest: unknown[]) =>
      logger.error(
        { ...fields(rest), detail: rest.map(String).join('\n') },
        message instanceof Error ? (message.stack ?? message.message) : String(message),
      ),
    fatal: (message: unknown, ...rest: unknown[]) => logger.error(fields(rest), String(message)),
  };
}
