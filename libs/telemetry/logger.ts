/** The one logger: JSON lines on stderr (stdout belongs to the launcher), with the trace id of the active span. */
import { pino, type Logger as Pino } from 'pino';
import { withoutSecrets } from './secret-fields.js';
import { activeTraceId } from './tracing.js';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Lines are written together, once they fill this or have waited so long; warnings and errors at once. */
const buffered = { minLength: 8_192, periodicFlush: 100 } as const;

export class Logger {
  private constructor(private readonly lines: Pino) {}

  /** A logger for one service. */
  static create(service: string, level: LogLevel): Logger {
    return new Logger(
      pino(
        {
          level,
          base: { service },
          timestamp: pino.stdTimeFunctions.isoTime,
          formatters: { level: (label) => ({ level: label }), log: withoutSecrets },
        },
        pino.destination({ dest: 2, sync: false, ...buffered }),
      ),
    );
  }

  /** The same logger with more fields on every line. */
  child(bindings: Record<string, unknown>): Logger {
    return new Logger(this.lines.child(bindings));
  }

  debug(fields: Record<string, unknown>, message: string): void {
    this.lines.debug(fields, message);
  }

  info(fields: Record<string, unknown>, message: string): void {
    this.lines.info(fields, message);
  }

  warn(fields: Record<string, unknown>, message: string): void {
    this.lines.warn(withTrace(fields), message);
    this.lines.flush();
  }

  error(fields: Record<string, unknown>, message: string): void {
    this.lines.error(withTrace(fields), message);
    this.lines.flush();
  }

  /** Waits until everything logged so far is written. */
  flush(): Promise<void> {
    return new Promise((resolve) => this.lines.flush(() => resolve()));
  }
}

function withTrace(fields: Record<string, unknown>): Record<string, unknown> {
  const traceId = activeTraceId();
  return traceId === null || 'traceId' in fields ? fields : { ...fields, traceId };
}
