/** Type `nats`: a bucket in the memory of the suite's own NATS server, shared by every ingress. */
import type { Bucket, Bus } from '#bus';
import { AnswersBucket, type CachedAnswer } from '#contracts';
import type { AnswerShelf } from './answer-shelf.js';

/** A message of NATS holds 1 MiB. */
const maxBytes = 900_000;

/** The bucket is opened when it is first needed, and anew after a failure: a server that was restarted has lost it. */
export function natsShelf(bus: Bus): AnswerShelf {
  let opening: Promise<Bucket<CachedAnswer>> | null = null;
  const withBucket = async <T>(use: (bucket: Bucket<CachedAnswer>) => Promise<T>): Promise<T> => {
    try {
      opening ??= bus.bucket(AnswersBucket);
      return await use(await opening);
    } catch (error) {
      opening = null;
      throw error;
    }
  };
  return {
    get: (key) => withBucket(async (bucket) => (await bucket.get(key))?.value ?? null),
    put: async (key, entry) => {
      if (Buffer.byteLength(JSON.stringify(entry)) > maxBytes) return false;
      await withBucket((bucket) => bucket.put(key, entry));
      return true;
    },
    stop: () => Promise.resolve(),
  };
}
