/** Who calls the admin API: authenticated, checked against the table of roles, named for the audit trail. */
import type { IncomingMessage } from 'node:http';
import { Injectable } from '@nestjs/common';
import { GatewayError, type Actor, type KeyRecord } from '#contracts';
import { Authenticator } from '../access/authenticator.client.js';
import { ConsoleSessions } from '../console/console-sessions.client.js';
import { readJsonObject } from '../http/json-body.js';
import { scopeOf } from '../http/request-scope.js';
import { badInput, mustBeStorable } from './admin-input.js';
import { adminAccess } from './roles.js';

export interface AdminRequest {
  readonly raw: IncomingMessage;
  readonly body: unknown;
  readonly query: unknown;
  readonly routeOptions: { readonly url?: string | undefined };
}

export interface AdminCaller {
  readonly key: KeyRecord;
  readonly actor: Actor;
  /** null: may see everything; else only what belongs to this key. */
  readonly seenBy: { keyId: KeyRecord['id'] } | null;
}

@Injectable()
export class AdminCallers {
  constructor(
    private readonly authenticator: Authenticator,
    private readonly sessions: ConsoleSessions,
  ) {}

  /** The caller, also one that is signed in to the console; throws invalid_api_key or permission_denied. */
  async of(request: AdminRequest): Promise<AdminCaller> {
    const key = await this.authenticator.authenticate(
      this.sessions.resolved(request.raw.headers),
      request.raw.socket.remoteAddress ?? '',
    );
    const scope = scopeOf(request.raw);
    scope.isAdmin = key.role !== 'user';
    const template = (request.routeOptions.url ?? '').replace(/^\/v1(?=\/)/, '');
    const granted = adminAccess(request.raw.method ?? 'GET', template, key);
    if (granted === null) {
      throw new GatewayError('permission_denied', {
        message: `Only the master key and admin keys may call ${template}. Key used: ${key.alias ?? key.id}.`,
      });
    }
    return { key, actor: actorOf(key), seenBy: granted === 'admin' ? null : { keyId: key.id } };
  }
}

function actorOf(key: KeyRecord): Actor {
  return key.role === 'master'
    ? { kind: 'master', keyId: null, alias: null }
    : { kind: 'key', keyId: key.id, alias: key.alias };
}

/** The JSON object of an admin request; throws invalid_request. */
export function adminBody(request: AdminRequest): Record<string, unknown> {
  const body = readJsonObject(request.body instanceof Uint8Array ? request.body : null);
  mustBeStorable(body, '', 0);
  return body;
}

/** The same where a body may be left out. */
export function optionalBody(request: AdminRequest): Record<string, unknown> {
  const isEmpty = !(request.body instanceof Uint8Array) || request.body.byteLength === 0;
  return isEmpty ? {} : adminBody(request);
}

/**
 * Fields as they go to accounting, which reads them. A key never goes over the bus; the id that answers show as `token` is
 * nothing that could be set. Throws invalid_request.
 */
export function storedFields({
  token: _token,
  token_id: _id,
  ...fields
}: Readonly<Record<string, unknown>>): Record<string, unknown> {
  for (const secret of ['key', 'new_key']) if (secret in fields) throw badInput(secret, 'cannot be set here');
  return fields;
}
