/** The place in a list of attempts where the next page begins. */
import { GatewayError } from '#contracts';

export interface Cursor {
  readonly startedAt: Date;
  readonly attemptId: string;
}

/** Opaque to clients, URL-safe. */
export function writeCursor({ startedAt, attemptId }: Cursor): string {
  return Buffer.from(`${startedAt.toISOString()} ${attemptId}`).toString('base64url');
}

/** Throws GatewayError invalid_request for what writeCursor did not make. */
export function readCursor(text: string): Cursor {
  const plain = Buffer.from(text, 'base64url').toString('utf8');
  const space = plain.indexOf(' ');
  const startedAt = new Date(plain.slice(0, space));
  const attemptId = plain.slice(space + 1);
  const isOurs = space > 0 && startedAt.getTime() >= 0 && attemptId !== '' && !attemptId.includes('\u0000');
  if (!isOurs) {
    throw new GatewayError('invalid_request', { message: 'cursor: is not one of ours', param: 'cursor' });
  }
  return { startedAt, attemptId };
}
