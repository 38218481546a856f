/**
 * The last few speeds of a deployment, as LiteLLM keeps them: milliseconds per generated token, and milliseconds to the
 * first token of streams. A median instead of its mean, so that one cold start does not mark a fast host as slow.
 */

export interface LatencySample {
  readonly durationMs: number;
  readonly firstTokenMs: number | null;
  readonly outputTokens: number;
  readonly stream: boolean;
  readonly atMs: number;
}

/** What a strategy sees. All null = never measured, or too long ago. */
export interface Latency {
  readonly perTokenMs: number | null;
  /** Of whole answers. */
  readonly durationMs: number | null;
  readonly firstTokenMs: number | null;
  /** Time of the newest sample; 0 without any. */
  readonly measuredAtMs: number;
  readonly samples: number;
}

export const unmeasured: Latency = {
  perTokenMs: null,
  durationMs: null,
  firstTokenMs: null,
  measuredAtMs: 0,
  samples: 0,
};

/** The list with one more sample, cut to the newest `size`. */
export function addSample(samples: readonly LatencySample[], sample: LatencySample, size: number): LatencySample[] {
  return [...samples, sample].slice(-size);
}

/** The medians of the samples that are younger than `ttlMs`. */
export function latencyOf(samples: readonly LatencySample[], ttlMs: number, nowMs: number): Latency {
  const fresh = samples.filter((sample) => nowMs - sample.atMs < ttlMs);
  if (fresh.length === 0) return unmeasured;
  return {
    perTokenMs: median(fresh.map((sample) => sample.durationMs / Math.max(1, sample.outputTokens))),
    durationMs: median(fresh.map((sample) => sample.durationMs)),
    firstTokenMs: median(fresh.flatMap((sample) => (sample.firstTokenMs === null ? [] : [sample.firstTokenMs]))),
    measuredAtMs: Math.max(...fresh.map((sample) => sample.atMs)),
    samples: fresh.length,
  };
}

function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? 0)) / 2;
}
