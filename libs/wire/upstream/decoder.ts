/** What every decoder of an upstream's stream is: bytes in any cut become events of ours. */
import type { StreamEvent } from '../neutral/stream-event.js';

/** After `end` or `failure` it gives nothing more. Both methods never throw. */
export interface UpstreamDecoder {
  push(bytes: Uint8Array): StreamEvent[];
  /** The upstream closed the stream. The last event is then `end` or `failure`, here or in an earlier call. */
  end(): StreamEvent[];
}

export interface DecoderOptions {
  /** Makes the id of a tool call that came without one. */
  readonly makeId: () => string;
  /** Longest line of the stream, see LineOptions. */
  readonly maxLineLength?: number;
}
