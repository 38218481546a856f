/**
 * JSON on the bus, compressed (zstd, RFC 8878) where it is long: a NATS server takes no message over its max_payload, usually
 * 1 MiB, and a report, a page of a log or the snapshot of a config with a thousand models can be longer. No JSON begins with
 * the byte that zstd's frames begin with, so a reader sees which it has.
 */
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';

/** Characters, of at most three bytes each: shorter texts fit as they are, and compressing them would cost more than it saves. */
const longFrom = 256 * 1024;
/** What a message may unfold to. */
const mostBytes = 256 * 1024 * 1024;
const zstdFirstByte = 0x28;

/** What to send for a JSON text. */
export function packed(json: string): string | Uint8Array {
  return json.length < longFrom ? json : zstdCompressSync(json);
}

/** The JSON text of what was received; throws where it is no whole zstd frame. */
export function unpacked(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer[0] !== zstdFirstByte) return buffer.toString();
  return zstdDecompressSync(buffer, { maxOutputLength: mostBytes }).toString();
}
