/** What a host has shown: how long its models take to load, how long requests take, how fast tokens come. Moving averages. */

/** Weight of the newest value. A host changes its pace rarely (another quantisation, a GPU that heats up). */
const newestWeight = 0.3;
const defaultLoadMs = 5_000;
const defaultServiceMs = 5_000;

interface Pace {
  loadMs: number | null;
  serviceMs: number | null;
  tokensPerSecond: number | null;
}

/** A moving average with one more value; null = none yet. */
export function movingAverage(before: number | null, value: number): number {
  return before === null ? value : before + newestWeight * (value - before);
}

export class HostEstimates {
  private readonly models = new Map<string, Pace>();

  recordLoad(model: string, loadMs: number): void {
    if (!isSpan(loadMs)) return;
    const pace = this.paceOf(model);
    pace.loadMs = movingAverage(pace.loadMs, loadMs);
  }

  /** `serviceMs`: from the call to the end, without loading. */
  recordService(model: string, serviceMs: number, tokensPerSecond: number | null): void {
    if (!isSpan(serviceMs)) return;
    const pace = this.paceOf(model);
    pace.serviceMs = movingAverage(pace.serviceMs, serviceMs);
    if (tokensPerSecond !== null && isSpan(tokensPerSecond)) {
      pace.tokensPerSecond = movingAverage(pace.tokensPerSecond, tokensPerSecond);
    }
  }

  /** Expected time to load, milliseconds; of a model never loaded, the mean of the others. */
  loadMs(model: string): number {
    return this.models.get(model)?.loadMs ?? this.meanOf((pace) => pace.loadMs) ?? defaultLoadMs;
  }

  /** Expected time of one request once the model is loaded, milliseconds. */
  serviceMs(model: string): number {
    return this.models.get(model)?.serviceMs ?? this.meanOf((pace) => pace.serviceMs) ?? defaultServiceMs;
  }

  /** null where none was measured. */
  tokensPerSecond(model: string): number | null {
    return this.models.get(model)?.tokensPerSecond ?? null;
  }

  /** Whether a wait for this model can be told from measurements. */
  hasMeasured(model: string): boolean {
    return (this.models.get(model)?.serviceMs ?? null) !== null;
  }

  private paceOf(model: string): Pace {
    const known = this.models.get(model);
    if (known !== undefined) return known;
    const made: Pace = { loadMs: null, serviceMs: null, tokensPerSecond: null };
    this.models.set(model, made);
    return made;
  }

  private meanOf(read: (pace: Pace) => number | null): number | null {
    const known = [...this.models.values()].flatMap((pace) => read(pace) ?? []);
    return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
  }
}

function isSpan(value: number): boolean {
  return Number.isFinite(value) && value >= 0;
}
