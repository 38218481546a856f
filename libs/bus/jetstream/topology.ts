/** The JetStream streams of the suite; made or brought up to date by whoever comes first. */
import { jetstreamManager, RetentionPolicy, StorageType, JetStreamApiError, DiscardPolicy } from '@nats-io/jetstream';
import { nanos, type NatsConnection } from '@nats-io/transport-node';

const dayMs = 24 * 60 * 60 * 1000;

/** USAGE keeps what was posted too, so that the ledger can be built again and compared. */
const streams = [
  { name: 'USAGE', subjects: ['usage.*'], maxAgeMs: 7 * dayMs, maxBytes: 2 * 1024 ** 3 },
  { name: 'EVENTS', subjects: ['alert.>', 'audit.>'], maxAgeMs: 7 * dayMs, maxBytes: 256 * 1024 ** 2 },
] as const;

/** How long a message id is remembered; longer than a spool is ever retried within one outage, short enough for memory. */
const duplicateWindowMs = 10 * 60 * 1000;

/**
 * Creates missing streams. `replicas`: 1 for one server, 3 in a cluster. A stream that has more copies keeps them: a service
 * that nobody told of the cluster (a worker beside a leaf node) must not take them away from all.
 */
export async function ensureStreams(connection: NatsConnection, replicas: number): Promise<void> {
  const manager = await jetstreamManager(connection);
  for (const stream of streams) {
    const config = {
      name: stream.name,
      subjects: [...stream.subjects],
      retention: RetentionPolicy.Limits,
      storage: StorageType.File,
      discard: DiscardPolicy.New,
      max_age: nanos(stream.maxAgeMs),
      max_bytes: stream.maxBytes,
      duplicate_window: nanos(duplicateWindowMs),
      num_replicas: replicas,
    };
    try {
      await manager.streams.add(config);
    } catch (error) {
      if (!(error instanceof JetStreamApiError)) throw error;
      const { config: present } = await manager.streams.info(stream.name);
      const copies = Math.max(replicas, present.num_replicas);
      await manager.streams.update(stream.name, { ...config, num_replicas: copies });
    }
  }
}
