/** What a JetStream stream of a suite holds, message by message: a witness that no service can talk over. */
import { jetstream } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { secretIn, suiteServers } from './extra-service.js';
import type { Suite } from './start-suite.js';

export interface StoredMessage {
  readonly sequence: number;
  readonly subject: string;
  /** When the server stored it, ISO. */
  readonly storedAt: string;
  readonly text: string;
}

/** Every message of a stream, oldest first; those that were consumed too, as long as the stream keeps them. */
export async function storedMessages(suite: Suite, stream: 'USAGE' | 'EVENTS'): Promise<StoredMessage[]> {
  const connection = await connect({
    servers: suiteServers(suite).natsUrl,
    user: 'accounting',
    pass: secretIn(suite, 'nats-password-accounting'),
  });
  try {
    const consumer = await jetstream(connection).consumers.get(stream);
    const found: StoredMessage[] = [];
    let { num_pending: left } = await consumer.info();
    while (left > 0) {
      const messages = await consumer.fetch({ max_messages: 500, expires: 2_000 });
      for await (const message of messages) {
        const { seq: sequence, subject, time } = message;
        found.push({ sequence, subject, storedAt: time.toISOString(), text: message.string() });
        left = message.info.pending;
        if (left === 0) messages.stop();
      }
    }
    return found;
  } finally {
    await connection.close();
  }
}
