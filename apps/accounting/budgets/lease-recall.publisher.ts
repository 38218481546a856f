/** Calls back from ingresses what lies idle in their leases where somebody else needs it. */
import { Injectable } from '@nestjs/common';
import { Bus } from '#bus';
import { RecallLeases } from '#contracts';

/** What ingresses take to give back; a recall of the same scope within it would bring nothing more. */
const settleMs = 50;

@Injectable()
export class LeaseRecall {
  private readonly running = new Map<string, Promise<void>>();

  constructor(private readonly bus: Bus) {}

  /** Resolves when ingresses had time to give back what lies idle in a scope. Callers at the same time share one recall. */
  idle(scope: string): Promise<void> {
    const before = this.running.get(scope);
    if (before !== undefined) return before;
    this.bus.publish(RecallLeases, { v: 1, scope, kind: 'idle' });
    const done = new Promise<void>((resolve) => setTimeout(resolve, settleMs)).finally(() =>
      this.running.delete(scope),
    );
    this.running.set(scope, done);
    return done;
  }
}
