/** Connections to NATS that never give up: they reconnect for ever, with jitter, and say so. */
import { jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection, type NodeConnectionOptions } from '@nats-io/transport-node';

export interface BusOptions {
  readonly url: string;
  readonly user: string | null;
  readonly password: string | null;
  /** Shown in the server's list of connections. */
  readonly name: string;
}

/** Where a server cannot be older: before it, a kill could lose a stream (nats-server 2.10.20 to 2.10.22). */
const oldestServer = [2, 10, 23] as const;

/** A connection; waits until the server is there. */
export function connectTo(options: BusOptions, purpose: string): Promise<NatsConnection> {
  const settings: NodeConnectionOptions = {
    servers: options.url.split(',').map((url) => url.trim()),
    name: `${options.name} ${purpose}`,
    maxReconnectAttempts: -1,
    waitOnFirstConnect: true,
    reconnectTimeWait: 250,
    reconnectJitter: 250,
    pingInterval: 5_000,
    maxPingOut: 2,
    ignoreAuthErrorAbort: true,
    noAsyncTraces: true,
    ...(options.user === null ? {} : { user: options.user }),
    ...(options.password === null ? {} : { pass: options.password }),
  };
  return connect(settings);
}

/** Why the connected server cannot be used; null where it can. */
export async function serverProblem(connection: NatsConnection): Promise<string | null> {
  const info = connection.info;
  if (info === undefined) return null;
  const version = info.version.split('-')[0]?.split('.').map(Number) ?? [];
  for (const [place, least] of oldestServer.entries()) {
    const part = version[place] ?? 0;
    if (part > least) break;
    if (part < least) return `nats-server ${info.version} is too old: ${oldestServer.join('.')} or newer is needed`;
  }
  if (info.jetstream === true || (await answersJetStream(connection))) return null;
  return 'this nats-server has no JetStream: start it with -js';
}

/** A leaf node has none of its own and passes the questions on to the servers at home. */
async function answersJetStream(connection: NatsConnection): Promise<boolean> {
  return jetstreamManager(connection).then(
    () => true,
    () => false,
  );
}
