/** When a backend is probed next. Pure. */
import { noWorker, type Judgement } from './judgement.js';

/** After a failure it is asked more often than the interval, so that a doubt is settled and a host is back soon. */
const quickMs = [1_000, 2_000, 4_000, 8_000];
/** Between two looks at a host that comes back. */
const returningMs = 1_000;
/** While nobody has answered yet. */
const startingMs = 500;
/** While no worker serves it: asking costs nothing, and the host may be well. */
const unservedMs = 1_000;
/** A backend that is out is asked at least this often, however long the interval. */
const outMs = { local: 30_000, cloud: 60_000 };
/** Clouds are asked seldom: their list of models changes by the day, and outcomes tell the rest. */
const cloudFactor = 4;

export interface ScheduleFacts {
  readonly intervalMs: number;
  /** `background_health_checks`: false = a backend that is well is asked only when an admin asks. */
  readonly inBackground: boolean;
  readonly kind: 'local' | 'cloud';
  /** 0 to 1. */
  readonly random: number;
}

/** Milliseconds until the next probe, with a tenth of jitter; null where none is due. */
export function nextProbeMs(judgement: Judgement, facts: ScheduleFacts): number | null {
  const { state, failures, successes } = judgement;
  if (state === 'unknown') return startingMs;
  if (judgement.reason === noWorker) return jittered(unservedMs, facts);
  const usual = facts.kind === 'cloud' ? facts.intervalMs * cloudFactor : facts.intervalMs;
  const isSettled = state === 'healthy' && failures === 0;
  if (isSettled) return facts.inBackground ? jittered(usual, facts) : null;
  const isReturning = failures === 0 && successes > 0;
  const quick = isReturning ? returningMs : (quickMs[failures - 1] ?? outMs[facts.kind]);
  return jittered(Math.min(quick, usual), facts);
}

function jittered(ms: number, { random }: ScheduleFacts): number {
  return ms * (0.95 + 0.1 * random);
}
