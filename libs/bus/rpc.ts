/**
 * Request/reply by contract. A reply is one byte (`+` or `-`) and JSON: the contract's reply, or `{code, details}` of a
 * GatewayError. The requester's deadline and trace travel in headers. Long JSON is packed (packing.ts).
 */
import { headers as natsHeaders, type Msg, type MsgHdrs, type NatsConnection } from '@nats-io/transport-node';
import { setTimeout as delay } from 'node:timers/promises';
import type { z } from 'zod';
import { fillSubject, GatewayError, isErrorCode, toGatewayError, type AnyRequestContract } from '#contracts';
import { activeTraceparent, busAttributes, contextFromTraceparent, runInContext, SpanKind, withSpan } from '#telemetry';
import { busErrorTypeOf, BusFailure } from './bus-failure.js';
import type { Courier } from './courier.js';
import { packed, unpacked } from './packing.js';
import type { RequestInbox } from './request-inbox.js';

const okByte = 0x2b;
/** All servers of a subject share its requests. */
const queueGroup = 'servers';
const groupOfServers = { 'messaging.consumer.group.name': queueGroup };
const deadlineHeader = 'sb-deadline';

export interface RequestOptions {
  readonly tokens?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** Overrides the contract's deadline, milliseconds. */
  readonly deadlineMs?: number;
  /**
   * Without an answer it is asked again for so long: a service that was restarted is back soon, and of two that serve a
   * subject one may stand still. For questions that do no harm when they are asked twice.
   */
  readonly patienceMs?: number;
}

const patienceStepMs = 250;

/** Told after each request: seconds, and why it got no answer; null for an answer, a refusal too. */
export type RequestObserver = (subject: string, seconds: number, failure: string | null) => void;

/** Sends a request and returns its parsed reply; throws GatewayError (the server's, or service_unavailable). */
export async function sendRequest<C extends AnyRequestContract>(
  inbox: RequestInbox,
  contract: C,
  payload: z.input<C['request']>,
  options: RequestOptions,
  observe: RequestObserver,
): Promise<z.output<C['reply']>> {
  const subject = fillSubject(contract.subject, options.tokens ?? {});
  const deadlineMs = options.deadlineMs ?? contract.deadlineMs;
  const startedAt = performance.now();
  try {
    const value = await withSpan(
      `request ${contract.subject}`,
      { kind: SpanKind.CLIENT, attributes: busAttributes('request', contract.subject) },
      async () => {
        const onRepeat = (seconds: number, failure: string) => observe(contract.subject, seconds, failure);
        return readReply(
          await patientExchange(inbox, subject, payload, { ...options, deadlineMs }, onRepeat),
          contract,
        );
      },
    );
    observe(contract.subject, (performance.now() - startedAt) / 1000, null);
    return value;
  } catch (error) {
    observe(contract.subject, (performance.now() - startedAt) / 1000, busErrorTypeOf(error));
    throw error;
  }
}

/** `onRepeat` is told of each try that got no answer and is made again. */
async function patientExchange(
  inbox: RequestInbox,
  subject: string,
  payload: unknown,
  { deadlineMs, patienceMs = 0, signal }: RequestOptions & { readonly deadlineMs: number },
  onRepeat: (seconds: number, failure: string) => void,
): Promise<Msg> {
  const until = performance.now() + patienceMs;
  for (;;) {
    const startedAt = performance.now();
    try {
      return await exchange(inbox, subject, payload, deadlineMs, signal);
    } catch (error) {
      if (!(error instanceof BusFailure) || performance.now() + patienceStepMs > until) throw error;
      onRepeat((performance.now() - startedAt) / 1000, error.errorType);
      if (error.errorType !== 'bus_timeout') await delay(patienceStepMs);
    }
  }
}

async function exchange(
  inbox: RequestInbox,
  subject: string,
  payload: unknown,
  deadlineMs: number,
  signal: AbortSignal | undefined,
): Promise<Msg> {
  signal?.throwIfAborted();
  const carried = natsHeaders();
  carried.set(deadlineHeader, String(Date.now() + deadlineMs));
  const traceparent = activeTraceparent();
  if (traceparent !== null) carried.set('traceparent', traceparent);
  return inbox.ask(subject, packed(JSON.stringify(payload)), carried, deadlineMs);
}

function readReply<C extends AnyRequestContract>(message: Msg, contract: C): z.output<C['reply']> {
  const value: unknown = JSON.parse(unpacked(message.data.subarray(1)));
  if (message.data[0] === okByte) {
    const parsed = contract.reply.safeParse(value);
    if (parsed.success) return parsed.data as z.output<C['reply']>;
    throw new GatewayError('internal_error', {}, { cause: parsed.error });
  }
  throw readError(value);
}

function readError(value: unknown): GatewayError {
  if (
    typeof value === 'object' &&
    value !== null &&
    'code' in value &&
    typeof value.code === 'string' &&
    isErrorCode(value.code)
  ) {
    const details =
      'details' in value && typeof value.details === 'object' && value.details !== null ? value.details : {};
    return new GatewayError(value.code, details);
  }
  return new GatewayError('internal_error', {}, { cause: value });
}

/** Told of errors that are bugs: everything a handler throws that is no GatewayError. */
export type HandlerFault = (subject: string, error: unknown) => void;

/** Answers requests of `contract` on `connection` until stopped; several servers of one subject share the work. */
export function serveRequests<C extends AnyRequestContract>(
  connection: NatsConnection,
  courier: Courier,
  contract: C,
  tokens: Readonly<Record<string, string>>,
  handler: (request: z.output<C['request']>) => Promise<z.input<C['reply']>>,
  onFault: HandlerFault,
): { stop(): Promise<void> } {
  const subject = fillSubject(contract.subject, tokens);
  const subscription = connection.subscribe(subject, {
    queue: queueGroup,
    callback: (error, message) => {
      if (error === null) void answer(message, courier, contract, handler, onFault);
    },
  });
  return {
    stop: async () => {
      if (!subscription.isClosed() && !connection.isClosed()) await subscription.drain();
    },
  };
}

async function answer<C extends AnyRequestContract>(
  message: Msg,
  courier: Courier,
  contract: C,
  handler: (request: z.output<C['request']>) => Promise<z.input<C['reply']>>,
  onFault: HandlerFault,
): Promise<void> {
  const { reply: inbox } = message;
  if (inbox === undefined || inbox === '' || deadlinePassed(message.headers)) return;
  const parent = contextFromTraceparent(message.headers?.get('traceparent'));
  const refuse = (error: unknown): void => {
    const failure = toGatewayError(error);
    if (failure.code === 'internal_error') onFault(contract.subject, failure.cause ?? failure);
    courier.send(inbox, `-${JSON.stringify({ code: failure.code, details: failure.details })}`);
  };
  try {
    const reply = await runInContext(parent, () =>
      withSpan(
        `process ${contract.subject}`,
        { kind: SpanKind.SERVER, attributes: { ...busAttributes('process', contract.subject), ...groupOfServers } },
        async () => {
          const request = contract.request.safeParse(JSON.parse(unpacked(message.data)));
          if (!request.success) throw new GatewayError('internal_error', {}, { cause: request.error });
          return handler(request.data as z.output<C['request']>);
        },
      ),
    );
    // A reply over the server's limit cannot leave: whoever asked hears of that instead of waiting for nothing.
    courier.send(inbox, okReply(JSON.stringify(reply)), {}, refuse);
  } catch (error) {
    refuse(error);
  }
}

function okReply(json: string): string | Uint8Array {
  const body = packed(json);
  return typeof body === 'string' ? `+${body}` : Buffer.concat([Buffer.of(okByte), body]);
}

function deadlinePassed(headers: MsgHdrs | undefined): boolean {
  const deadline = Number(headers?.get(deadlineHeader) ?? 0);
  return deadline > 0 && Date.now() > deadline + 1_000;
}
