/** How far a consumer is behind, and how full its stream is. */
import type { JetStreamManager } from '@nats-io/jetstream';

export interface Backlog {
  /** Messages that are not acknowledged: those that nobody was given yet, and those that somebody holds or will get again. */
  readonly waiting: number;
  /** Of them: given to nobody yet, given to somebody who has not acknowledged, and given more than once so far. */
  readonly undelivered: number;
  readonly unacknowledged: number;
  readonly redelivered: number;
  /** When the oldest of them was stored; null where none waits. */
  readonly oldestAt: Date | null;
  /** Used share of the bytes that the stream may take. */
  readonly usedShare: number;
  readonly bytes: number;
  /** null where the stream has no limit. */
  readonly maxBytes: number | null;
}

/** Asks the server. */
export async function backlogOf(manager: JetStreamManager, stream: string, durable: string): Promise<Backlog> {
  const { num_pending, num_ack_pending, num_redelivered, ack_floor } = await manager.consumers.info(stream, durable);
  const { state, config } = await manager.streams.info(stream);
  const waiting = num_pending + num_ack_pending;
  // What is older is acknowledged, or gone from the stream.
  const seq = Math.max(ack_floor.stream_seq + 1, state.first_seq);
  const oldest = waiting === 0 ? null : await manager.streams.getMessage(stream, { seq });
  return {
    waiting,
    oldestAt: oldest?.time ?? null,
    undelivered: num_pending,
    unacknowledged: num_ack_pending,
    redelivered: num_redelivered,
    usedShare: config.max_bytes > 0 ? state.bytes / config.max_bytes : 0,
    bytes: state.bytes,
    maxBytes: config.max_bytes > 0 ? config.max_bytes : null,
  };
}
