/**
 * How a stream is opened: the JSON of the request in one message, or, where it is larger than a message may be, an empty
 * first message that announces its size and `body` frames after the worker's hello.
 */
import { headers as natsHeaders, type MsgHdrs } from '@nats-io/transport-node';
import { maxFramePayloadBytes } from './frame.js';

/** Larger requests travel in frames. */
export const maxWholeOpeningBytes = 512 * 1024;
/** What a worker accepts at most. The ingress' body limit is below it. */
export const maxOpeningBytes = 64 * 1024 * 1024;
const sizeHeader = 'sb-size';

export interface Opening {
  readonly first: Uint8Array;
  readonly parts: readonly Uint8Array[];
  readonly headers: MsgHdrs;
}

/** The messages that open a stream. */
export function encodeOpening(payload: unknown, headers: Record<string, string>): Opening {
  const bytes = Buffer.from(JSON.stringify(payload));
  const carried = natsHeaders();
  for (const [name, value] of Object.entries(headers)) carried.set(name, value);
  if (bytes.byteLength <= maxWholeOpeningBytes) return { first: bytes, parts: [], headers: carried };
  carried.set(sizeHeader, String(bytes.byteLength));
  const parts: Uint8Array[] = [];
  for (let at = 0; at < bytes.byteLength; at += maxFramePayloadBytes)
    parts.push(bytes.subarray(at, at + maxFramePayloadBytes));
  return { first: new Uint8Array(0), parts, headers: carried };
}

/** Collects the parts of a large opening. */
export class OpeningAssembly {
  private readonly parts: Uint8Array[] = [];
  private received = 0;

  private constructor(private readonly size: number) {}

  /** null where the first message was the whole; throws RangeError for a size nobody may announce. */
  static announcedBy(headers: MsgHdrs | undefined): OpeningAssembly | null {
    const announced = headers?.get(sizeHeader) ?? '';
    if (announced === '') return null;
    const size = Number(announced);
    if (!Number.isSafeInteger(size) || size <= 0 || size > maxOpeningBytes)
      throw new RangeError(`a request of ${announced} bytes`);
    return new OpeningAssembly(size);
  }

  /** The bytes of the whole once the last part is there, else null; throws RangeError when more comes than was announced. */
  add(part: Uint8Array): Uint8Array | null {
    this.parts.push(part);
    this.received += part.byteLength;
    if (this.received > this.size) throw new RangeError('a request larger than announced');
    return this.received === this.size ? Buffer.concat(this.parts) : null;
  }
}
