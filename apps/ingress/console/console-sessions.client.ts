/** Who is signed in to the console. A session stands for the master key, on the console's own calls only. */
import { randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Bus } from '#bus';
import { Environment } from '#config';
import { ConsoleSignedOut, GatewayError, type KeyRecord } from '#contracts';
import { Authenticator } from '../access/authenticator.client.js';
import { MasterKey } from '../access/master-key.client.js';
import { bringsKey, isFromConsole, sessionCookieOf } from './console-request.js';
import { readSession, sessionKeyOf, sessionMs, writeSession, type ConsoleSession } from './session-token.js';

@Injectable()
export class ConsoleSessions implements OnModuleInit, OnApplicationShutdown {
  /** Without a pepper, sessions end with this process and are known to it alone. */
  private readonly pepper: string;
  /** Sessions that were signed out before their time, by id, until then. */
  private readonly ended = new Map<string, number>();
  private listening: { stop(): void } | null = null;

  constructor(
    private readonly bus: Bus,
    environment: Environment,
    private readonly authenticator: Authenticator,
    private readonly masterKey: MasterKey,
  ) {
    this.pepper = environment.keyPepper ?? randomBytes(32).toString('hex');
  }

  onModuleInit(): void {
    this.listening = this.bus.subscribe(ConsoleSignedOut, ({ id, expiresAtMs }) => this.forget({ id, expiresAtMs }));
  }

  onApplicationShutdown(): void {
    this.listening?.stop();
  }

  /** False for a gateway without a master key: it serves anyone, and so does its console. */
  get required(): boolean {
    return this.masterKey.current() !== null;
  }

  /** A new session's text; throws invalid_api_key for anything but the master key. */
  async signIn(presented: unknown, remoteAddress: string): Promise<{ token: string; session: ConsoleSession }> {
    const master = this.masterKey.current();
    const isText = typeof presented === 'string' && /^[\x20-\x7e]{1,512}$/.test(presented);
    if (!isText || master === null) throw wrongKey();
    const key = await this.keyOf(presented, remoteAddress);
    if (key?.role !== 'master') throw wrongKey();
    const session = { id: randomBytes(12).toString('base64url'), expiresAtMs: Date.now() + sessionMs };
    return { token: writeSession(sessionKeyOf(this.pepper, master), session), session };
  }

  /** The session that a request of the console's own belongs to; null for any other request. */
  sessionOf(headers: IncomingHttpHeaders): ConsoleSession | null {
    const master = this.masterKey.current();
    const token = sessionCookieOf(headers);
    if (master === null || token === null || !isFromConsole(headers)) return null;
    const session = readSession(sessionKeyOf(this.pepper, master), token, Date.now());
    return session === null || this.ended.has(session.id) ? null : session;
  }

  /** Ends a session here and at every other ingress. */
  signOut(session: ConsoleSession): void {
    this.forget(session);
    this.bus.publish(ConsoleSignedOut, { v: 1, ...session });
  }

  /** The headers to authenticate by: with the master key for a signed-in console, else as they are. */
  resolved(headers: IncomingHttpHeaders): IncomingHttpHeaders {
    const master = this.masterKey.current();
    if (master === null || bringsKey(headers) || this.sessionOf(headers) === null) return headers;
    return { ...headers, authorization: `Bearer ${master}` };
  }

  /** null for what is no key at all. */
  private async keyOf(presented: string, remoteAddress: string): Promise<KeyRecord | null> {
    try {
      return await this.authenticator.authenticate({ authorization: `Bearer ${presented}` }, remoteAddress);
    } catch (error) {
      if (error instanceof GatewayError && error.code === 'invalid_api_key') return null;
      throw error;
    }
  }

  private forget(session: ConsoleSession): void {
    const now = Date.now();
    for (const [id, until] of this.ended) if (until <= now) this.ended.delete(id);
    if (session.expiresAtMs > now && session.expiresAtMs <= now + sessionMs)
      this.ended.set(session.id, session.expiresAtMs);
  }
}

function wrongKey(): GatewayError {
  return new GatewayError('invalid_api_key', { message: 'That is not the master key of this gateway.' });
}
