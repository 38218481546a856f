/** The limits of deployments (`rpm`, `tpm`, `max_parallel_requests` in the config), counted over all ingresses together. */
import { Injectable } from '@nestjs/common';
import type { DeploymentId } from '#contracts';
import { Snapshots } from '#service';
import { Limiter } from './limiter.client.js';
import { deploymentLimits } from './rate-limit.js';

export type DeploymentTake =
  | {
      readonly kind: 'granted';
      /** The attempt is over. `tokens`: what it used, null = as estimated; `undo`: it never ran. */
      finish(tokens: number | null, undo: boolean): void;
    }
  | { readonly kind: 'refused'; readonly retryAfterMs: number };

const unlimited: DeploymentTake = { kind: 'granted', finish: () => {} };

@Injectable()
export class DeploymentLimits {
  constructor(
    private readonly snapshots: Snapshots,
    private readonly limiter: Limiter,
  ) {}

  /** Whether an attempt may go to a deployment now; a refusal means the next attempt. Nothing is asked for those without limits. */
  async take(deploymentId: DeploymentId, attemptId: string, tokens: number): Promise<DeploymentTake> {
    const deployment = this.snapshots.current()?.deployments.find(({ id }) => id === deploymentId);
    const limits = deployment === undefined ? null : deploymentLimits(deployment, tokens);
    if (limits === null) return unlimited;
    const ticket = this.limiter.ticketOf(attemptId);
    const outcome = await this.limiter.take(limits, ticket);
    if (outcome.kind === 'refused') return { kind: 'refused', retryAfterMs: outcome.retryAfterMs };
    return {
      kind: 'granted',
      finish: (used, undo) => this.limiter.finish(limits.owner, ticket, used, undo),
    };
  }
}
