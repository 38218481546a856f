/** When a backend is probed next. Pure. */
import type { Judgement } from './judgement.js';

/** A dead host is asked more often at first, so that it is back soon, and then at least so often: nobody waits a long interval for it. */
const quickMs = [1_000, 2_000, 4_000, 8_000];
const longestDeadMs = 30_000;
/** While nobody has answered yet. */
const startingMs = 500;
/** Clouds are asked seldom: their list of models changes by the day, and outcomes tell the rest. */
const cloudFactor = 4;

export interface ScheduleFacts {
  readonly intervalMs: number;
  readonly kind: 'local' | 'cloud';
  /** 0 to 1. */
  readonly random: number;
}

/** Milliseconds until the next probe, with a tenth of jitter. */
export function nextProbeMs(judgement: Judgement, facts: ScheduleFacts): number {
  const usual = facts.kind === 'cloud' ? facts.intervalMs * cloudFactor : facts.intervalMs;
  if (judgement.state === 'unknown') return startingMs;
  const quick = judgement.state === 'unhealthy' ? (quickMs[judgement.failures - 1] ?? longestDeadMs) : usual;
  return Math.min(quick, usual) * (0.95 + 0.1 * facts.random);
}
