/** A deployment that a request could go to, and the record of those that were left out. */
import type { Backend, Deployment } from '#contracts';

export interface Candidate {
  readonly deployment: Deployment;
  readonly backend: Backend;
  /** The upstream's name of the model, with the wildcard filled in. */
  readonly upstreamModel: string;
  /** That name with its tag: how a local host lists it. */
  readonly taggedModel: string;
}

/** Why a candidate was left out, in the order in which the rules are applied. */
export const dropStages = [
  'capability',
  'policy',
  'variables',
  'tags',
  'context',
  'excluded',
  'installed',
  'health',
  'trial',
  'cooldown',
  'limits',
] as const;
export type DropStage = (typeof dropStages)[number];

export interface Drop {
  readonly candidate: Candidate;
  readonly stage: DropStage;
  /** In words, for admins. */
  readonly reason: string;
  /** When it may come back, where that is known. */
  readonly retryAfterMs: number | null;
}

/** An Ollama model's name with its tag: without one it means `latest`. */
export function withTag(name: string): string {
  return name.lastIndexOf(':') > name.lastIndexOf('/') ? name : `${name}:latest`;
}

/** What to call a candidate in a reason: its backend, model and place in the file. */
export function labelOf(candidate: Candidate): string {
  return `${candidate.deployment.modelName} on ${candidate.backend.id} (${candidate.deployment.path})`;
}
