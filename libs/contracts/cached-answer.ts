/** What the response cache keeps of an answer, under a key that holds no text of the request. */
import { z } from 'zod';
import { StoredAnswer } from '#wire';
import { bucketContract } from './contract.js';
import { BackendId, DeploymentId } from './ids.js';

export const CachedAnswer = z.object({
  v: z.literal(1),
  /** Unix milliseconds. */
  storedAtMs: z.number().int(),
  expiresAtMs: z.number().int(),
  /** Who answered. */
  deploymentId: DeploymentId,
  modelGroup: z.string(),
  upstreamModel: z.string(),
  backendId: BackendId,
  provider: z.string(),
  /** Digest of what the config says about the deployment: an entry made under other settings is no answer any more. */
  settings: z.string(),
  /** The neutral answer, or the body as it was sent (embeddings). */
  content: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('answer'), answer: StoredAnswer }),
    z.object({ kind: z.literal('body'), text: z.string(), inputTokens: z.number().int().nonnegative() }),
  ]),
});
export type CachedAnswer = z.infer<typeof CachedAnswer>;

/** Entries name their own end; the bucket only has the longest. In memory: an answer of a model is not worth a disk write. */
export const AnswersBucket = bucketContract({
  bucket: 'ANSWERS',
  value: CachedAnswer,
  ttlMs: 7 * 24 * 60 * 60 * 1000,
  maxMemoryBytes: 96 * 1024 * 1024,
});
