/** Usage that could not be read or posted: kept, so that somebody can look at it, and never dropped. */
import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.client.js';

const longestPayload = 64 * 1024;

export interface DeadLetter {
  readonly subject: string;
  readonly sequence: number;
  /** Of the event within its message. */
  readonly place: number;
  readonly deliveries: number;
  readonly reason: string;
  readonly payload: unknown;
}

@Injectable()
export class DeadLetterStore {
  constructor(private readonly database: Database) {}

  /** Keeps one, and each once: several of one message are told apart by `#2` after the subject of the third. */
  async keep(letter: DeadLetter): Promise<void> {
    const subject = letter.place === 0 ? letter.subject : `${letter.subject}#${letter.place}`;
    const payload = (JSON.stringify(letter.payload) ?? '').slice(0, longestPayload).toWellFormed();
    await this.database.run((manager) =>
      manager.query(
        `INSERT INTO usage_dead (subject, sequence, deliveries, reason, payload) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (subject, sequence) DO NOTHING`,
        [subject, letter.sequence, letter.deliveries, letter.reason, payload],
      ),
    );
  }
}
