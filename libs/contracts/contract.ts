/**
 * A contract is a value that both sides of the bus use: the subject, the schemas of what is said, and the deadline.
 * Nothing in the project names a subject or parses a message in any other way.
 */
import type { z } from 'zod';

/** Request/reply. `subject` is the literal subject, or a function for subjects that hold an id. */
export interface RequestContract<Name extends string, Req extends z.ZodType, Rep extends z.ZodType> {
  readonly kind: 'request';
  /** The subject's template, e.g. `probe.{backend}`: used in metrics, spans and access rules. */
  readonly subject: Name;
  readonly request: Req;
  readonly reply: Rep;
  /** How long the caller waits, in milliseconds. */
  readonly deadlineMs: number;
}

/** Core NATS event that everybody who listens receives; may be lost. */
export interface EventContract<Name extends string, Payload extends z.ZodType> {
  readonly kind: 'event';
  readonly subject: Name;
  readonly payload: Payload;
}

/** JetStream event, delivered at least once and deduplicated by message id. */
export interface DurableContract<Name extends string, Payload extends z.ZodType> {
  readonly kind: 'durable';
  readonly subject: Name;
  readonly stream: 'USAGE' | 'EVENTS';
  readonly payload: Payload;
  /** Nobody waits for it: events of so many milliseconds leave together. Absent: each leaves as soon as the one before is stored. */
  readonly gatherMs?: number;
}

/** Key-value bucket. */
export interface BucketContract<Value extends z.ZodType> {
  readonly kind: 'bucket';
  readonly bucket: string;
  readonly value: Value;
  /** Entries older than this vanish; 0 keeps them. Milliseconds. */
  readonly ttlMs: number;
  /** For what may be lost: kept in the server's memory up to this size, the oldest entries leave first. Absent: on disk, without a bound. */
  readonly maxMemoryBytes?: number;
}

/** Declares a request/reply contract. */
export function requestContract<Name extends string, Req extends z.ZodType, Rep extends z.ZodType>(
  contract: Omit<RequestContract<Name, Req, Rep>, 'kind'>,
): RequestContract<Name, Req, Rep> {
  return { kind: 'request', ...contract };
}

/** Declares a core NATS event. */
export function eventContract<Name extends string, Payload extends z.ZodType>(
  contract: Omit<EventContract<Name, Payload>, 'kind'>,
): EventContract<Name, Payload> {
  return { kind: 'event', ...contract };
}

/** Declares a durable event. */
export function durableContract<Name extends string, Payload extends z.ZodType>(
  contract: Omit<DurableContract<Name, Payload>, 'kind'>,
): DurableContract<Name, Payload> {
  return { kind: 'durable', ...contract };
}

/** Declares a key-value bucket. */
export function bucketContract<Value extends z.ZodType>(
  contract: Omit<BucketContract<Value>, 'kind'>,
): BucketContract<Value> {
  return { kind: 'bucket', ...contract };
}

export type AnyRequestContract = RequestContract<string, z.ZodType, z.ZodType>;

/** Fills the `{token}` places of a subject template; throws RangeError for a token that is no id. */
export function fillSubject(template: string, tokens: Readonly<Record<string, string>>): string {
  return template.replace(/\{(\w+)\}/g, (_whole, name: string) => {
    const token = tokens[name];
    if (token === undefined || !/^[A-Za-z0-9_-]{1,96}$/.test(token)) {
      throw new RangeError(`subject ${template}: no usable value for {${name}}`);
    }
    return token;
  });
}

/** The wildcard form of a template: `probe.{backend}` -> `probe.*`. */
export function wildcardSubject(template: string): string {
  return template.replace(/\{\w+\}/g, '*');
}
