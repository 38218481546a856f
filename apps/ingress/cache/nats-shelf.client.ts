/** Type `nats`: a bucket in the memory of the suite's own NATS server, shared by every ingress. */
import type { Bucket, Bus } from '#bus';
import { AnswersBucket, type CachedAnswer } from '#contracts';
import type { AnswerShelf } from './answer-shelf.js';

/** A message of NATS holds 1 MiB. */
const maxBytes = 900_000;

/** The bucket is opened when the first entry is asked for. */
export function natsShelf(bus: Bus): AnswerShelf {
  let opening: Promise<Bucket<CachedAnswer>> | null = null;
  const open = () => {
    opening ??= bus.bucket(AnswersBucket).catch((error: unknown) => {
      opening = null;
      throw error;
    });
    return opening;
  };
  return {
    get: async (key) => (await (await open()).get(key))?.value ?? null,
    put: async (key, entry) => {
      if (Buffer.byteLength(JSON.stringify(entry)) > maxBytes) return false;
      await (await open()).put(key, entry);
      return true;
    },
    stop: () => Promise.resolve(),
  };
}
