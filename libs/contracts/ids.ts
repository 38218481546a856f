/** Branded ids: a team id never passes for a key id. Minted ids are URL-safe and usable as subject tokens. */
import { z } from 'zod';

const token = z.string().min(1).max(128);

export const RequestId = token.brand<'RequestId'>();
export type RequestId = z.infer<typeof RequestId>;
/** `${requestId}.${n}`: one try against one deployment. */
export const AttemptId = z.string().min(1).max(160).brand<'AttemptId'>();
export type AttemptId = z.infer<typeof AttemptId>;
/** Identity of a virtual key's row (never the key, never its digest). */
export const KeyId = token.brand<'KeyId'>();
export type KeyId = z.infer<typeof KeyId>;
/** HMAC-SHA-256 of a key, hex. */
export const KeyDigest = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .brand<'KeyDigest'>();
export type KeyDigest = z.infer<typeof KeyDigest>;
export const TeamId = token.brand<'TeamId'>();
export type TeamId = z.infer<typeof TeamId>;
export const UserId = token.brand<'UserId'>();
export type UserId = z.infer<typeof UserId>;
/** One entry of `model_list`. */
export const DeploymentId = token.brand<'DeploymentId'>();
export type DeploymentId = z.infer<typeof DeploymentId>;
/** A host with its engine, or an account at a cloud. Matches `[A-Za-z0-9_-]{1,96}`, so it can be a subject token. */
export const BackendId = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,96}$/)
  .brand<'BackendId'>();
export type BackendId = z.infer<typeof BackendId>;

/** The attempt id of try number `n` (from 0) of a request. */
export function attemptIdOf(requestId: RequestId, n: number): AttemptId {
  return AttemptId.parse(`${requestId}.${n}`);
}
