/**
 * Who calls, and what they may spend: the one door that every request passes. This is its first slice (the master key and
 * virtual keys, no budgets yet); the callers rely on `authenticate`, `admit` and `Admission` staying as they are.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { Injectable } from '@nestjs/common';
import { Bus } from '#bus';
import { Environment } from '#config';
import {
  GatewayError,
  KeyDigest,
  KeyId,
  KeyRecord,
  LookUpKey,
  type Attempt,
  type Payer,
  type RequestId,
} from '#contracts';
import { Snapshots } from '#service';
import { MasterKey } from './master-key.client.js';

export interface AdmissionFacts {
  readonly requestId: RequestId;
  readonly key: KeyRecord;
  readonly model: string;
  readonly attempts: readonly Attempt[];
  readonly inputTokens: number;
  readonly maxOutputTokens: number | null;
  readonly choices: number;
  readonly endUser: string | null;
  readonly tags: readonly string[];
  /** False for embeddings and the like, which have no output to cap. */
  readonly generates: boolean;
}

/** A request that was let in. Exactly one of `settle` and `release` ends it. */
export interface Admission {
  readonly payer: Payer;
  /** The most output tokens that were reserved for; null = not capped. */
  readonly outputCap: number | null;
  /** `x-ratelimit-*`. */
  readonly headers: Readonly<Record<string, string>>;
  settle(actual: { costNanoUsd: number; tokens: number; answered: boolean }): void;
  release(): void;
}

@Injectable()
export class Access {
  constructor(
    private readonly bus: Bus,
    private readonly environment: Environment,
    private readonly snapshots: Snapshots,
    private readonly masterKey: MasterKey,
  ) {}

  /** The caller; throws invalid_api_key. */
  async authenticate(headers: IncomingHttpHeaders, _remoteAddress: string): Promise<KeyRecord> {
    const master = this.masterKey.current();
    if (master === null) return masterRecord('anonymous');
    const presented = presentedKey(headers);
    if (presented === null)
      throw new GatewayError('invalid_api_key', {
        message: 'No API key was given. Send it as `Authorization: Bearer KEY` or `x-api-key: KEY`.',
      });
    if (sameText(presented, master)) return masterRecord('master');
    const pepper = this.environment.keyPepper;
    if (pepper === null || !/^[\x21-\x7e]{8,256}$/.test(presented)) throw refused(presented);
    const digest = KeyDigest.parse(createHmac('sha256', pepper).update(presented).digest('hex'));
    const { key } = await this.bus.request(LookUpKey, { v: 1, digest });
    if (key === null) throw refused(presented);
    if (key.blocked) throw new GatewayError('invalid_api_key', { message: 'This key is blocked.' });
    if (key.expiresAt !== null && Date.parse(key.expiresAt) <= Date.now())
      throw new GatewayError('invalid_api_key', { message: 'This key has expired.' });
    return key;
  }

  /** Lets a planned request in, or throws insufficient_quota or rate_limit_exceeded. */
  async admit(facts: AdmissionFacts): Promise<Admission> {
    const { key } = facts;
    const payer: Payer = {
      keyId: key.id,
      keyAlias: key.alias,
      teamId: key.teamId,
      userId: key.userId,
      endUser: facts.endUser,
      tags: [...new Set([...key.tags, ...facts.tags])],
      leases: [],
      reservedNanoUsd: 0,
    };
    void this.snapshots;
    return { payer, outputCap: null, headers: {}, settle: () => {}, release: () => {} };
  }
}

function presentedKey(headers: IncomingHttpHeaders): string | null {
  const bearer = /^Bearer\s+(\S.*)$/i.exec(headers.authorization ?? '')?.[1]?.trim();
  if (bearer !== undefined) return bearer;
  for (const name of ['x-api-key', 'x-litellm-api-key', 'api-key']) {
    const value = headers[name];
    if (typeof value === 'string' && value.trim() !== '') return value.trim().replace(/^Bearer\s+/i, '');
  }
  return null;
}

function refused(presented: string): GatewayError {
  const shown = presented.length > 12 ? `${presented.slice(0, 3)}...${presented.slice(-4)}` : '***';
  return new GatewayError('invalid_api_key', {
    message: `Incorrect API key provided: ${shown.replace(/[^\x20-\x7e]/g, '?')}.`,
  });
}

function sameText(a: string, b: string): boolean {
  const left = createHmac('sha256', 'compare').update(a).digest();
  const right = createHmac('sha256', 'compare').update(b).digest();
  return timingSafeEqual(left, right);
}

function masterRecord(id: 'master' | 'anonymous'): KeyRecord {
  return KeyRecord.parse({
    v: 1,
    id: KeyId.parse(id),
    alias: id,
    role: 'master',
    teamId: null,
    teamAlias: null,
    userId: null,
    blocked: false,
    blockedBy: null,
    expiresAt: null,
    models: [],
    teamModels: [],
    userModels: [],
    aliases: {},
    limits: { rpm: null, rps: null, tpm: null, maxParallelRequests: null },
    modelRpm: {},
    modelTpm: {},
    teamLimits: null,
    userLimits: null,
    budgetScopes: [],
    modelBudgetScopes: {},
    dataPolicy: null,
    priority: 'normal',
    maxWaitMs: null,
    tags: [],
    fullLogging: false,
    metadata: {},
  });
}
