/** Who calls the admin API: authenticated, checked against the table of roles, named for the audit trail. */
import type { IncomingMessage } from 'node:http';
import { Injectable } from '@nestjs/common';
import { GatewayError, type Actor, type KeyRecord } from '#contracts';
import { Access } from '../access/access.client.js';
import { ConsoleSessions } from '../console/console-sessions.client.js';
import { readJsonObject } from '../http/json-body.js';
import { scopeOf } from '../http/request-scope.js';
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
    private readonly access: Access,
    private readonly sessions: ConsoleSessions,
  ) {}

  /** The caller, also one that is signed in to the console; throws invalid_api_key or permission_denied. */
  async of(request: AdminRequest): Promise<AdminCaller> {
    const key = await this.access.authenticate(
      this.sessions.resolved(request.raw.headers),
      request.raw.socket.remoteAddress ?? '',
    );
    const scope = scopeOf(request.raw);
    scope.isAdmin = key.role !== 'user';
    const template = (request.routeOptions.url ?? '').replace(/^\/v1(?=\/)/, '');
    const granted = adminAccess(request.raw.method ?? 'GET', template, key.role);
    if (granted === null) {
      throw new GatewayError('permission_denied', {
        message: `Only the master key and admin keys may call ${template}. Key used: ${key.alias ?? key.id}.`,
      });
    }
    return { key, actor: actorOf(key), seenBy: scope.isAdmin ? null : { keyId: key.id } };
  }
}

function actorOf(key: KeyRecord): Actor {
  return key.role === 'master'
    ? { kind: 'master', keyId: null, alias: null }
    : { kind: 'key', keyId: key.id, alias: key.alias };
}

/** The JSON object of an admin request. */
export function adminBody(request: AdminRequest): Record<string, unknown> {
  return readJsonObject(request.body instanceof Uint8Array ? request.body : null);
}

/** A query parameter; null where it is absent, empty or repeated. */
export function queryText(request: AdminRequest, name: string): string | null {
  const { query } = request;
  if (typeof query !== 'object' || query === null) return null;
  const value: unknown = Reflect.get(query, name);
  return typeof value === 'string' && value !== '' ? value : null;
}

/** A whole number in the query; throws invalid_request naming it. */
export function queryNumber(
  request: AdminRequest,
  name: string,
  fallback: number,
  range: { min: number; max: number },
): number {
  const text = queryText(request, name);
  if (text === null) return fallback;
  const value = Number(text);
  if (Number.isInteger(value) && value >= range.min && value <= range.max) return value;
  throw new GatewayError('invalid_request', {
    message: `Invalid value for '${name}': expected a whole number from ${range.min} to ${range.max}.`,
    param: name,
  });
}

/** A text field that must be there; throws invalid_request naming it. */
export function requiredText(fields: Readonly<Record<string, unknown>>, name: string): string {
  const value = fields[name];
  if (typeof value === 'string' && value !== '') return value;
  throw new GatewayError('invalid_request', { message: `Missing required parameter: '${name}'.`, param: name });
}

/** A list of texts that must be there; throws invalid_request naming it. */
export function requiredTexts(fields: Readonly<Record<string, unknown>>, name: string): string[] {
  const value = fields[name];
  if (Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'string' && item !== ''))
    return value;
  throw new GatewayError('invalid_request', {
    message: `Missing or invalid parameter: '${name}' must be a list of texts.`,
    param: name,
  });
}
