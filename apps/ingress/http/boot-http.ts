/** The ingress' HTTP server: Nest on Fastify, with bodies as bytes, CORS, request scopes and a drain that lets streams finish. */
import { randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { SpanStatusCode, trace } from '@opentelemetry/api';
import { GatewayError } from '#contracts';
import { BusTransport, nestLogger, waitUntil, type Boot, type ServiceParts } from '#service';
import { requestContext, runInContext, SpanKind, startSpan } from '#telemetry';
import { MasterKey } from '../access/master-key.client.js';
import { ServedRoutes } from '../openapi/route-list.client.js';
import { badPath, brokenConnection } from './broken-request.js';
import { decodedBody, hardBodyLimitBytes } from './body-encoding.js';
import { errorDialectOf } from './client-dialect.js';
import { corsHeaders, preflightHeaders, type CorsRule } from './cors.js';
import { ErrorFilter } from './error.filter.js';
import { isOwnOrigin, isTrustedHost } from './host-rule.js';
import { InFlight } from './in-flight.js';
import { letGo, rememberScope, scopeHeaders, scopeOf, type RequestScope } from './request-scope.js';
import { requestIdOf } from './request-id.js';

/** A request that fits no route because its path cannot be read, and its answer. */
interface Undecoded {
  readonly raw: IncomingMessage;
}
interface Unrouted {
  readonly raw: ServerResponse;
  hijack(): unknown;
}

/** Boots the module with an HTTP listener and the bus transport. */
export const bootHttp: Boot = async (module, parts) => {
  const adapter = new FastifyAdapter({
    bodyLimit: hardBodyLimitBytes,
    routerOptions: { maxParamLength: 512, ignoreTrailingSlash: true, ignoreDuplicateSlashes: true },
    exposeHeadRoutes: true,
    frameworkErrors: (_error: unknown, request: Undecoded, reply: Unrouted) => {
      const { status, body } = badPath(request.raw.url ?? '/');
      reply.hijack();
      reply.raw.writeHead(status, { 'content-type': 'application/json' }).end(body);
    },
    clientErrorHandler: (error: NodeJS.ErrnoException, socket: Socket) => {
      if (socket.writable && error.code !== 'ECONNRESET') socket.end(brokenConnection(error.code));
      else socket.destroy();
    },
  });
  const app = await NestFactory.create<NestFastifyApplication>(module, adapter, {
    bodyParser: false,
    logger: nestLogger(parts.logger),
    abortOnError: false,
  });
  const filter = app.get(ErrorFilter);
  filter.knowRoutes(app.get(ServedRoutes).all());
  const inFlight = app.get(InFlight);
  app.useGlobalFilters(filter);
  prepareServer(app, parts, inFlight);
  app.connectMicroservice({ strategy: new BusTransport(parts.bus) });
  await app.startAllMicroservices();
  await parts.snapshots.whenReady();
  await app.listen(parts.environment.port, parts.environment.host);
  return {
    app,
    drain: async (drainMs) => {
      const server = app.getHttpServer();
      server.close();
      server.closeIdleConnections();
      await waitUntil(() => inFlight.size === 0, drainMs);
      inFlight.endAll();
      await waitUntil(() => inFlight.size === 0, 1_000);
      server.closeAllConnections();
    },
  };
};

function prepareServer(app: NestFastifyApplication, parts: ServiceParts, inFlight: InFlight): void {
  const fastify = app.getHttpAdapter().getInstance();
  const masterKey = app.get(MasterKey, { strict: false });
  fastify.removeAllContentTypeParsers();
  const decode = async ({ headers }: { headers: IncomingHttpHeaders }, body: string | Buffer): Promise<Uint8Array> =>
    decodedBody(typeof body === 'string' ? Buffer.from(body) : body, headers['content-encoding']);
  fastify.addContentTypeParser('*', { parseAs: 'buffer' }, decode);
  fastify.addHook('onRequest', (request, reply, done) => {
    openScope(request.raw, reply.raw, {
      inFlight,
      route: request.routeOptions.url ?? null,
      incoming: parts.environment.incomingTraces,
    });
    const cors = corsHeaders(request.headers.origin, corsRule(parts, masterKey));
    if (cors !== null) for (const [name, value] of Object.entries(cors)) reply.raw.setHeader(name, value);
    if (request.method === 'OPTIONS') {
      reply.hijack();
      const asked = request.headers['access-control-request-headers'];
      reply.raw.writeHead(204, cors === null ? {} : preflightHeaders(asked)).end();
      return;
    }
    const problem = doorProblem(request.headers, cors !== null, parts, masterKey);
    if (problem === null) done();
    else app.get(ErrorFilter).answer(problem, request.raw, reply);
  });
  // The events of a socket, which bring the body, do not carry the trace by themselves.
  fastify.addHook('preHandler', (request, _reply, done) => runInContext(scopeOf(request.raw).context, done));
}

/** Without a key, only the browser's own rules keep the pages of others from the local models: they must not be got around. */
function doorProblem(
  { origin, host }: IncomingHttpHeaders,
  isLetIn: boolean,
  { environment }: ServiceParts,
  masterKey: MasterKey,
): GatewayError | null {
  if (masterKey.current() !== null) return null;
  const configured = [environment.host, ...environment.allowedHosts];
  const message = !isTrustedHost(host, configured)
    ? 'A gateway without a master key answers only to its own names; SIGNALBOX_ALLOWED_HOSTS adds to them.'
    : origin !== undefined && !isLetIn && !isOwnOrigin(origin, host)
      ? 'This origin may not call a gateway without a master key.'
      : null;
  return message === null ? null : new GatewayError('permission_denied', { message });
}

interface Opening {
  readonly inFlight: InFlight;
  /** The pattern that the path fits; null for none. */
  readonly route: string | null;
  readonly incoming: 'join' | 'link' | 'ignore';
}

function openScope(request: IncomingMessage, response: ServerResponse, opening: Opening): void {
  const { inFlight } = opening;
  const path = (request.url ?? '/').split('?')[0] ?? '/';
  const requestId = requestIdOf(headerOf(request, 'x-request-id'), () => randomBytes(16));
  const { parent, span } = serverSpan(request, opening, {
    'url.path': path.slice(0, 256),
    'gateway.request_id': requestId,
  });
  const context = trace.setSpan(parent, span);
  const traceId = trace.getSpanContext(context)?.traceId ?? null;
  const scope: RequestScope = {
    requestId,
    traceId: traceId === '0'.repeat(32) ? null : traceId,
    startedMs: performance.now(),
    receivedAt: new Date().toISOString(),
    dialect: errorDialectOf(path, headerOf(request, 'anthropic-version')),
    span,
    context,
    isAdmin: false,
    steps: { auth: 0, route: 0, limits: 0 },
    limitHeaders: {},
    holders: 1,
  };
  rememberScope(request, scope);
  for (const [name, value] of Object.entries(scopeHeaders(scope))) response.setHeader(name, value);
  response.setHeader('x-content-type-options', 'nosniff');
  inFlight.enter();
  response.once('close', () => {
    inFlight.leave();
    span.setAttribute('http.response.status_code', response.statusCode);
    if (response.statusCode >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
    letGo(scope);
  });
}

/** The span of the whole request, named by its route, so that no path of a client becomes a name; and what it stands in. */
function serverSpan(request: IncomingMessage, { route, incoming }: Opening, facts: Record<string, string>) {
  const caller = headerOf(request, 'traceparent');
  const method = request.method ?? 'GET';
  const parent = requestContext(incoming === 'join' ? caller : null);
  const span = runInContext(parent, () =>
    startSpan(route === null ? method : `${method} ${route}`, {
      kind: SpanKind.SERVER,
      begins: 'entry',
      attributes: {
        'http.request.method': method,
        'url.scheme': 'http',
        'network.protocol.version': request.httpVersion,
        ...(route === null ? {} : { 'http.route': route }),
        ...facts,
      },
      links: incoming === 'link' && caller !== null ? [caller] : [],
    }),
  );
  return { parent, span };
}

function headerOf(request: IncomingMessage, name: string): string | null {
  const value = request.headers[name];
  return typeof value === 'string' ? value : null;
}

function corsRule(parts: ServiceParts, masterKey: MasterKey): CorsRule {
  const general = parts.snapshots.current()?.general;
  return {
    origins: parts.environment.corsOrigins ?? general?.corsOrigins ?? null,
    hasMasterKey: masterKey.current() !== null,
  };
}
