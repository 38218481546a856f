/** Prompts and answers of keys with `logging: full`, and of no other. */
import { Injectable } from '@nestjs/common';
import type { z } from 'zod';
import type { KeepPrompt } from '#contracts';
import { Database } from '../database/database.client.js';

@Injectable()
export class PromptStore {
  constructor(private readonly database: Database) {}

  /** True where it was kept: the key's own row decides, whatever the caller believes. */
  async keep(entry: z.output<typeof KeepPrompt.request>): Promise<boolean> {
    const rows = await this.database.run((manager) =>
      manager.query<{ id: string }[]>(
        `INSERT INTO prompt_log (attempt_id, request_id, key_id, model, prompt, answer)
         SELECT $1, $2, k.id, $4, $5, $6 FROM keys k WHERE k.id = $3 AND k.full_logging
         ON CONFLICT (attempt_id) DO UPDATE SET answer = excluded.answer RETURNING attempt_id AS id`,
        [entry.attemptId, entry.requestId, entry.keyId, entry.model, json(entry.prompt), json(entry.answer)],
      ),
    );
    return rows.length > 0;
  }
}

/** JSON that PostgreSQL takes: no NUL, no half surrogate pairs. */
function json(value: unknown): string {
  const text = JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'string' ? part.toWellFormed().replaceAll('\u0000', '') : part,
  );
  return text ?? 'null';
}
