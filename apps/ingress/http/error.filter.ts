/** Whatever a handler throws becomes the client's error shape. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Catch, HttpException, Injectable, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { GatewayError, toGatewayError } from '#contracts';
import { Snapshots } from '#service';
import { Logger } from '#telemetry';
import { allowedMethods, type ServedRoute } from './allowed-methods.js';
import { tooLarge } from './body-encoding.js';
import { errorAnswer } from './error-body.js';
import { insteadOf } from './not-here.js';
import { scopeHeaders, scopeOf } from './request-scope.js';

interface FastifyLike {
  readonly raw: IncomingMessage;
}
interface ReplyLike {
  readonly raw: ServerResponse;
  hijack(): unknown;
}

@Catch()
@Injectable()
export class ErrorFilter implements ExceptionFilter {
  private methodsOf: (path: string) => readonly string[] = () => [];

  constructor(
    private readonly logger: Logger,
    private readonly snapshots: Snapshots,
  ) {}

  /** What is served, so that a wrong method is told from an unknown path. */
  knowRoutes(routes: readonly ServedRoute[]): void {
    this.methodsOf = allowedMethods(routes);
  }

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    this.answer(thrown, http.getRequest<FastifyLike>().raw, http.getResponse<ReplyLike>());
  }

  /** Also used for errors outside of handlers: bodies that are too large, unknown paths. */
  answer(thrown: unknown, request: IncomingMessage, reply: ReplyLike): void {
    const scope = scopeOf(request);
    const error = asGatewayError(thrown, request, this.methodsOf);
    if (error.code === 'internal_error') {
      this.logger.error(
        { err: error.cause ?? thrown, requestId: scope.requestId, path: request.url?.split('?')[0] },
        'a request failed',
      );
    }
    scope.span.setAttributes({ 'error.type': error.code, 'gateway.outcome': error.code });
    const budgetStatus = this.snapshots.current()?.general.budgetExceededStatus;
    const answer = errorAnswer(error, {
      dialect: scope.dialect,
      requestId: scope.requestId,
      isAdmin: scope.isAdmin,
      ...(budgetStatus === undefined ? {} : { budgetStatus }),
    });
    const response = reply.raw;
    if (response.headersSent) {
      response.destroy();
      return;
    }
    reply.hijack();
    const body = JSON.stringify(answer.body);
    response.writeHead(answer.status, {
      ...scopeHeaders(scope),
      ...answer.headers,
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(body)),
    });
    response.end(body);
  }
}

function asGatewayError(
  thrown: unknown,
  request: IncomingMessage,
  methodsOf: (path: string) => readonly string[],
): GatewayError {
  if (thrown instanceof HttpException) {
    const status = thrown.getStatus();
    if (status === 404) return notServed(request, methodsOf);
    if (status === 413) return tooLarge();
    if (status < 500) return new GatewayError('invalid_request', { message: thrown.message });
  }
  if (thrown instanceof Error && 'code' in thrown && thrown.code === 'FST_ERR_CTP_BODY_TOO_LARGE') return tooLarge();
  if (
    thrown instanceof Error &&
    'statusCode' in thrown &&
    typeof thrown.statusCode === 'number' &&
    thrown.statusCode < 500
  ) {
    return thrown.statusCode === 413 ? tooLarge() : new GatewayError('invalid_request', { message: thrown.message });
  }
  return toGatewayError(thrown);
}

function notServed(request: IncomingMessage, methodsOf: (path: string) => readonly string[]): GatewayError {
  const path = (request.url ?? '/').split('?')[0] ?? '/';
  const allow = methodsOf(path);
  if (allow.length > 0 && !allow.includes(request.method ?? '')) {
    const allowed = allow.join(', ');
    const message = `Not allowed to ${request.method} on ${path}; allowed: ${allowed}.`;
    return new GatewayError('method_not_allowed', { message, allow: allowed });
  }
  const instead = insteadOf(path);
  const message = `Unknown request URL: ${request.method} ${path}. ${instead ?? 'Please check the URL for typos.'}`;
  return new GatewayError('not_found', { message });
}
