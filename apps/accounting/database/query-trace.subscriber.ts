/** A span for each statement that runs for a traced request. Never its values. */
import { EventSubscriber, type EntitySubscriberInterface } from 'typeorm';
import { isRecording, markFailed, SpanKind, startSpan } from '#telemetry';
import { querySummary } from './query-summary.js';

/** What TypeORM tells after a statement. */
interface FinishedQuery {
  readonly query: string;
  readonly success: boolean;
  readonly executionTime?: number;
}

@EventSubscriber()
export class QueryTrace implements EntitySubscriberInterface {
  afterQuery({ query, success, executionTime }: FinishedQuery): void {
    if (!isRecording()) return;
    const summary = querySummary(query);
    const span = startSpan(summary, {
      kind: SpanKind.CLIENT,
      startedAt: Date.now() - (executionTime ?? 0),
      attributes: { 'db.system.name': 'postgresql', 'db.namespace': 'signalbox', 'db.query.summary': summary },
    });
    if (!success) markFailed(span, 'database_error');
    span.end();
  }
}
