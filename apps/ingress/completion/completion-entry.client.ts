/** The way in for every generating endpoint: who calls, what they sent, and an answer written to the socket. */
import type { IncomingMessage } from 'node:http';
import { Injectable } from '@nestjs/common';
import { GatewayError, type KeyRecord } from '#contracts';
import { Snapshots } from '#service';
import { withSpan } from '#telemetry';
import type { InvalidBody, ParsedBody } from '#wire';
import { Authenticator } from '../access/authenticator.client.js';
import { readJsonObject } from '../http/json-body.js';
import { scopeOf, timed } from '../http/request-scope.js';
import { ResponseWriter } from '../http/sse-writer.js';
import { CompletionRunner } from './completion-runner.client.js';
import type { HttpReply, HttpRequest } from './completion.controller.js';
import type { ParsedJob } from './parsed-job.js';

@Injectable()
export class CompletionEntry {
  constructor(
    private readonly authenticator: Authenticator,
    private readonly runner: CompletionRunner,
    private readonly snapshots: Snapshots,
  ) {}

  /** Answers on the socket; throws GatewayError as long as nothing was sent. */
  async answer(
    request: HttpRequest,
    reply: HttpReply,
    parse: (body: Record<string, unknown>) => ParsedBody<ParsedJob>,
  ): Promise<void> {
    const model = modelInPath(request.raw.url ?? '');
    await this.answerBytes(request, reply, (bytes) => {
      const body = readJsonObject(bytes);
      return parse(model === null ? body : { ...body, model });
    });
  }

  /** The same for bodies that are not always JSON; reading one may need to know who calls. */
  async answerBytes(
    request: HttpRequest,
    reply: HttpReply,
    read: (body: Uint8Array | null, key: KeyRecord) => ParsedBody<ParsedJob> | Promise<ParsedBody<ParsedJob>>,
  ): Promise<void> {
    const scope = scopeOf(request.raw);
    const key = await timed(scope, 'auth', () =>
      withSpan('gateway.authenticate', {}, async (span) => {
        const caller = await this.authenticator.authenticate(
          headersOf(request.raw),
          request.raw.socket.remoteAddress ?? '',
        );
        span.setAttribute('gateway.key.id', caller.id);
        return caller;
      }),
    );
    scope.isAdmin = key.role !== 'user';
    const parsed = await read(this.bodyOf(request), key);
    if (parsed.kind === 'invalid') throw invalidBody(parsed);
    reply.hijack();
    const writer = new ResponseWriter(reply.raw);
    await this.runner.run({ ...parsed.value, key, scope, writer, header: (name) => singleHeader(request.raw, name) });
  }

  /** The bytes of a body within the configured limit; throws request_too_large. */
  bodyOf(request: HttpRequest): Uint8Array | null {
    const bytes = bodyBytes(request.body);
    const limit = this.snapshots.current()?.general.maxRequestBytes;
    if (limit !== undefined && bytes !== null && bytes.byteLength > limit) {
      throw new GatewayError('request_too_large', { limit: `${Math.round(limit / 1024 / 1024)} MB` });
    }
    return bytes;
  }
}

/** The model that Azure's clients name in the path (`/openai/deployments/MODEL/...`, `/engines/MODEL/...`): it wins, as there. */
export function modelInPath(url: string): string | null {
  const name = /^(?:\/v1)?\/(?:openai\/deployments|engines)\/([^/?]+)\//.exec(url)?.[1];
  if (name === undefined) return null;
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

/** The bytes of a body as Fastify hands it on. */
function bodyBytes(body: unknown): Uint8Array | null {
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

/** The refusal of a body that names no model where none can be chosen for it. */
export const missingModel: InvalidBody = {
  kind: 'invalid',
  message: "Missing required parameter: 'model'.",
  param: 'model',
  code: 'invalid_request',
};
