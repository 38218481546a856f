/** Key-value buckets with a schema: what does not fit it is treated as absent and reported. */
import { Kvm, type KV } from '@nats-io/kv';
import { DiscardPolicy, jetstreamManager, JetStreamApiError, StorageType } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { z } from 'zod';
import type { BucketContract } from '#contracts';
import { packed, unpacked } from '../packing.js';

export interface BucketEntry<V> {
  readonly value: V;
  readonly revision: number;
}

export class Bucket<V> {
  private constructor(
    private readonly kv: KV,
    private readonly parse: (value: unknown) => V | null,
  ) {}

  /** Opens a bucket, making it where it is missing. */
  static async open<S extends z.ZodType>(
    connection: NatsConnection,
    contract: BucketContract<S>,
    replicas: number,
  ): Promise<Bucket<z.output<S>>> {
    const kv = await new Kvm(connection).create(contract.bucket, {
      history: 1,
      storage: contract.maxMemoryBytes === undefined ? StorageType.File : StorageType.Memory,
      replicas,
      ...(contract.ttlMs > 0 ? { ttl: contract.ttlMs } : {}),
      ...(contract.maxMemoryBytes === undefined ? {} : { max_bytes: contract.maxMemoryBytes }),
    });
    if (contract.maxMemoryBytes !== undefined) await makeRoomByAge(connection, contract.bucket);
    return new Bucket<z.output<S>>(kv, (value) => {
      const parsed = contract.value.safeParse(value);
      return parsed.success ? parsed.data : null;
    });
  }

  async get(key: string): Promise<BucketEntry<V> | null> {
    const entry = await this.kv.get(key);
    if (entry === null || entry.operation !== 'PUT') return null;
    const value = this.read(entry);
    return value === null ? null : { value, revision: entry.revision };
  }

  /** Writes whatever is there; returns the new revision. */
  put(key: string, value: V): Promise<number> {
    return this.kv.put(key, packed(JSON.stringify(value)));
  }

  /** Writes only where nothing is; null where something was. */
  create(key: string, value: V): Promise<number | null> {
    return nullOnConflict(() => this.kv.create(key, packed(JSON.stringify(value))));
  }

  /** Writes only over `revision`; null where it has changed. */
  update(key: string, value: V, revision: number): Promise<number | null> {
    return nullOnConflict(() => this.kv.update(key, packed(JSON.stringify(value)), revision));
  }

  async delete(key: string, revision?: number): Promise<void> {
    await nullOnConflict(async () => {
      await this.kv.delete(key, revision === undefined ? {} : { previousSeq: revision });
      return 0;
    });
  }

  async keys(): Promise<string[]> {
    const found: string[] = [];
    for await (const key of await this.kv.keys()) found.push(key);
    return found;
  }

  /** Calls with every present entry, then with each change; null = deleted. Starts again by itself after a lost connection. */
  watch(handler: (key: string, value: V | null) => void): { stop(): void } {
    const state = { stopped: false };
    let stopIterator: () => void = () => {};
    const run = async () => {
      while (!state.stopped) {
        try {
          const iterator = await this.kv.watch();
          stopIterator = () => iterator.stop();
          if (state.stopped) iterator.stop();
          for await (const entry of iterator) handler(entry.key, entry.operation === 'PUT' ? this.read(entry) : null);
        } catch {
          // The connection is away; the next round waits for it.
        }
        if (!state.stopped) await new Promise((resolve) => setTimeout(resolve, 250));
      }
    };
    void run();
    return {
      stop: () => {
        state.stopped = true;
        stopIterator();
      },
    };
  }

  private read(entry: { readonly value: Uint8Array }): V | null {
    try {
      return this.parse(JSON.parse(unpacked(entry.value)));
    } catch {
      return null;
    }
  }
}

/** A full bucket refuses writes; one that is a cache shall drop its oldest entries instead. */
async function makeRoomByAge(connection: NatsConnection, bucket: string): Promise<void> {
  const manager = await jetstreamManager(connection);
  const stream = `KV_${bucket}`;
  const { config } = await manager.streams.info(stream);
  if (config.discard !== DiscardPolicy.Old) await manager.streams.update(stream, { discard: DiscardPolicy.Old });
}

const wrongLastSequence = 10071;

async function nullOnConflict<T>(write: () => Promise<T>): Promise<T | null> {
  try {
    return await write();
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === wrongLastSequence) return null;
    throw error;
  }
}
