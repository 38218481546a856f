/** The way in for every generating endpoint: who calls, what they sent, and an answer written to the socket. */
import type { IncomingMessage } from 'node:http';
import { Injectable } from '@nestjs/common';
import { GatewayError } from '#contracts';
import { Snapshots } from '#service';
import { withSpan } from '#telemetry';
import type { InvalidBody, ParsedBody } from '#wire';
import { Access } from '../access/access.client.js';
import { readJsonObject } from '../http/json-body.js';
import { scopeOf, timed } from '../http/request-scope.js';
import { ResponseWriter } from '../http/sse-writer.js';
import { CompletionRunner, type CompletionJob } from './completion-runner.client.js';
import type { HttpReply, HttpRequest } from './completion.controller.js';

/** What a dialect's parser gives. */
export type ParsedJob = Pick<
  CompletionJob,
  | 'dialect'
  | 'answerDialect'
  | 'endpoint'
  | 'model'
  | 'stream'
  | 'includeUsage'
  | 'parsed'
  | 'gateway'
  | 'answerSettings'
>;

@Injectable()
export class CompletionEntry {
  constructor(
    private readonly access: Access,
    private readonly runner: CompletionRunner,
    private readonly snapshots: Snapshots,
  ) {}

  /** Answers on the socket; throws GatewayError as long as nothing was sent. */
  async answer(
    request: HttpRequest,
    reply: HttpReply,
    parse: (body: Record<string, unknown>) => ParsedBody<ParsedJob>,
  ): Promise<void> {
    const scope = scopeOf(request.raw);
    const key = await timed(scope, 'auth', () =>
      withSpan('gateway.authenticate', {}, async (span) => {
        const caller = await this.access.authenticate(headersOf(request.raw), request.raw.socket.remoteAddress ?? '');
        span.setAttribute('gateway.key.id', caller.id);
        return caller;
      }),
    );
    scope.isAdmin = key.role !== 'user';
    const parsed = parse(this.bodyOf(request));
    if (parsed.kind === 'invalid') throw invalidBody(parsed);
    reply.hijack();
    const writer = new ResponseWriter(reply.raw);
    await this.runner.run({ ...parsed.value, key, scope, writer, header: (name) => singleHeader(request.raw, name) });
  }

  private bodyOf(request: HttpRequest): Record<string, unknown> {
    const bytes = bodyBytes(request.body);
    const limit = this.snapshots.current()?.general.maxRequestBytes;
    if (limit !== undefined && bytes !== null && bytes.byteLength > limit) {
      throw new GatewayError('request_too_large', { limit: `${Math.round(limit / 1024 / 1024)} MB` });
    }
    return readJsonObject(bytes);
  }
}

/** The bytes of a body as Fastify hands it on. */
export function bodyBytes(body: unknown): Uint8Array | null {
  return body instanceof Uint8Array ? body : null;
}

export function headersOf(request: IncomingMessage): IncomingMessage['headers'] {
  return request.headers;
}

export function singleHeader(request: IncomingMessage, name: string): string | null {
  const value = request.headers[name];
  return typeof value === 'string' ? value : (value?.[0] ?? null);
}

/** A parser's refusal as the client's error. */
export function invalidBody(invalid: InvalidBody): GatewayError {
  return new GatewayError(invalid.code, {
    message: invalid.message,
    ...(invalid.param === null ? {} : { param: invalid.param }),
    ...(invalid.details === undefined ? {} : { dialectDetails: invalid.details }),
  });
}
