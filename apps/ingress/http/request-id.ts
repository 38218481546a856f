/** Ids of requests: the client's own where it is harmless, else a new one. */
import { RequestId } from '#contracts';

const harmless = /^[A-Za-z0-9._-]{8,64}$/;

/** `random` gives at least 16 bytes. */
export function requestIdOf(header: string | null, random: () => Uint8Array): RequestId {
  if (header !== null && harmless.test(header)) return RequestId.parse(header);
  return RequestId.parse(`req_${Buffer.from(random()).toString('hex').slice(0, 24)}`);
}
