/** Which outcomes mean that an account at a provider needs a person: a refused key, no credit. Pure. */
import type { AlertCredentialsEvent, AttemptOutcomeEvent, Backend } from '#contracts';

export type CredentialProblem = AlertCredentialsEvent['problem'];

/** What an outcome tells of the account; null for everything else. A 403 may be about one model only. */
export function credentialProblem(outcome: AttemptOutcomeEvent): CredentialProblem | null {
  if (outcome.ok || outcome.blame !== 'backend') return null;
  if (outcome.upstreamStatus === 401) return 'refused';
  const isEmpty = outcome.upstreamStatus === 402 || outcome.errorCode === 'insufficient_quota';
  // OpenRouter's daily quota of free models comes back by itself.
  return isEmpty && outcome.scope !== 'free-models' ? 'no-credit' : null;
}

/** Equal for the same problem on one day: what a message is deduplicated by. */
export function credentialMessageId(backend: Backend, problem: CredentialProblem, now: Date): string {
  return `credentials:${backend.id}:${problem}:${now.toISOString().slice(0, 10)}`;
}
