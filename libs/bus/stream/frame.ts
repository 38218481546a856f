/**
 * Frames of the token stream, and their bytes. One message of the bus holds one or more frames:
 *
 *     type u8 | flags u8 | sequence u32 | length u32 | payload
 *
 * Numbers are big-endian. Each direction counts its own frames from 0. Beats and credits carry the number of the next
 * frame without using it up, so that a lost last frame is noticed too.
 */

export const frameTypes = {
  // worker -> ingress
  hello: 1,
  queued: 2,
  accepted: 3,
  data: 4,
  usage: 5,
  end: 6,
  error: 7,
  beat: 8,
  // ingress -> worker
  body: 16,
  credit: 17,
  cancel: 18,
} as const;

export type FrameType = keyof typeof frameTypes;

const names = new Map<number, FrameType>(Object.entries(frameTypes).map(([name, code]) => [code, name as FrameType]));

/** Flags of `data` frames. */
export const dataFlags = { content: 1, last: 2 } as const;

export interface Frame {
  readonly type: FrameType;
  readonly flags: number;
  readonly sequence: number;
  readonly payload: Uint8Array;
}

export const frameHeaderBytes = 10;
/** Larger payloads are split; with several frames a message stays under NATS' default max_payload of 1 MiB. */
export const maxFramePayloadBytes = 256 * 1024;

/** Frames that do not use up a sequence number. */
export function isUnnumbered(type: FrameType): boolean {
  return type === 'beat' || type === 'credit' || type === 'cancel';
}

/** The bytes of one message. */
export function encodeFrames(frames: readonly Frame[]): Uint8Array {
  const size = frames.reduce((sum, frame) => sum + frameHeaderBytes + frame.payload.byteLength, 0);
  const bytes = Buffer.allocUnsafe(size);
  let at = 0;
  for (const frame of frames) {
    bytes[at] = frameTypes[frame.type];
    bytes[at + 1] = frame.flags;
    bytes.writeUInt32BE(frame.sequence, at + 2);
    bytes.writeUInt32BE(frame.payload.byteLength, at + 6);
    bytes.set(frame.payload, at + frameHeaderBytes);
    at += frameHeaderBytes + frame.payload.byteLength;
  }
  return bytes;
}

/** The frames of one message; null where the bytes are no frames. Frames of unknown types (a newer peer) are skipped. */
export function decodeFrames(message: Uint8Array): Frame[] | null {
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  const frames: Frame[] = [];
  let at = 0;
  while (at < message.byteLength) {
    if (at + frameHeaderBytes > message.byteLength) return null;
    const length = view.getUint32(at + 6);
    const start = at + frameHeaderBytes;
    if (start + length > message.byteLength) return null;
    const type = names.get(view.getUint8(at));
    if (type !== undefined) {
      const payload = message.subarray(start, start + length);
      frames.push({ type, flags: view.getUint8(at + 1), sequence: view.getUint32(at + 2), payload });
    }
    at = start + length;
  }
  return frames;
}

export const noBytes = new Uint8Array(0);

/** Payload of a JSON frame. */
export function jsonPayload(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}

/** Two counters as bytes: what a `credit` frame grants in total since the stream began. */
export function creditPayload(frames: number, bytes: number): Uint8Array {
  const payload = Buffer.allocUnsafe(12);
  payload.writeUInt32BE(frames, 0);
  payload.writeBigUInt64BE(BigInt(bytes), 4);
  return payload;
}

/** Reads a `credit` payload; null where it is too short. */
export function readCreditPayload(payload: Uint8Array): { frames: number; bytes: number } | null {
  if (payload.byteLength < 12) return null;
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  return { frames: view.getUint32(0), bytes: Number(view.getBigUint64(4)) };
}
