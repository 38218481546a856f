/** Runs each handler inside its request's trace: the events of a socket do not carry it by themselves. */
import type { IncomingMessage } from 'node:http';
import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { Observable } from 'rxjs';
import { runInContext } from '#telemetry';
import { scopeOf } from './request-scope.js';

@Injectable()
export class TraceInterceptor implements NestInterceptor {
  intercept(host: ExecutionContext, next: CallHandler): Observable<unknown> {
    const { raw } = host.switchToHttp().getRequest<{ raw: IncomingMessage }>();
    const { context } = scopeOf(raw);
    return new Observable((subscriber) => runInContext(context, () => next.handle().subscribe(subscriber)));
  }
}
