/** Signing in to the console and out of it. Every call needs the console's header, and none is answered across origins. */
import type { IncomingMessage } from 'node:http';
import { Controller, Get, HttpCode, Post, Req, Res } from '@nestjs/common';
import { Environment } from '#config';
import { GatewayError } from '#contracts';
import { Snapshots } from '#service';
import type { HttpReply, HttpRequest } from '../completion/completion.controller.js';
import { readJsonObject } from '../http/json-body.js';
import { cameByHttps, isFromConsole, sessionCookie } from './console-request.js';
import { ConsoleSessions } from './console-sessions.client.js';
import { sessionMs, type ConsoleSession } from './session-token.js';

interface HeaderReply extends HttpReply {
  header(name: string, value: string): unknown;
}

@Controller('ui/session')
export class ConsoleSessionController {
  constructor(
    private readonly sessions: ConsoleSessions,
    private readonly snapshots: Snapshots,
    private readonly environment: Environment,
  ) {}

  /** Whether somebody is signed in, and what the console shows of the gateway itself. */
  @Get()
  state(@Req() request: HttpRequest, @Res({ passthrough: true }) reply: HeaderReply): object {
    mustBeConsole(request.raw);
    reply.header('cache-control', 'no-store');
    return this.stateOf(this.sessions.sessionOf(request.raw.headers));
  }

  @Post()
  @HttpCode(200)
  async signIn(@Req() request: HttpRequest, @Res({ passthrough: true }) reply: HeaderReply): Promise<object> {
    mustBeConsole(request.raw);
    if (!this.sessions.required) return this.stateOf(null);
    const { key } = readJsonObject(request.body instanceof Uint8Array ? request.body : null);
    const { token, session } = await this.sessions.signIn(key, request.raw.socket.remoteAddress ?? '');
    setCookie(request.raw, reply, token, sessionMs / 1_000);
    return this.stateOf(session);
  }

  @Post('end')
  @HttpCode(200)
  signOut(@Req() request: HttpRequest, @Res({ passthrough: true }) reply: HeaderReply): object {
    mustBeConsole(request.raw);
    const session = this.sessions.sessionOf(request.raw.headers);
    if (session !== null) this.sessions.signOut(session);
    setCookie(request.raw, reply, '', 0);
    return this.stateOf(null);
  }

  private stateOf(session: ConsoleSession | null): object {
    const { required } = this.sessions;
    const signedIn = session !== null || !required;
    const general = this.snapshots.current()?.general;
    return {
      required,
      signed_in: signedIn,
      expires_at: session === null ? null : new Date(session.expiresAtMs).toISOString(),
      ...(signedIn ? { version: this.environment.version, savings_reference: general?.savingsReference ?? null } : {}),
    };
  }
}

function mustBeConsole(request: IncomingMessage): void {
  if (isFromConsole(request.headers)) return;
  throw new GatewayError('permission_denied', { message: 'Only the console itself may call this.' });
}

function setCookie(request: IncomingMessage, reply: HeaderReply, value: string, maxAgeSeconds: number): void {
  const secure = cameByHttps(request.headers, 'encrypted' in request.socket);
  reply.header('set-cookie', sessionCookie(value, { maxAgeSeconds, secure }));
  reply.header('cache-control', 'no-store');
}
