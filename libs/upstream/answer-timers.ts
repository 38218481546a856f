/**
 * The waits of one upstream answer: until the model is loaded, until the first content, between bytes. One timer, which
 * aborts the call with an UpstreamProblem that says which wait was too long.
 */
import { UpstreamProblem } from './http.client.js';

export interface AnswerLimits {
  /** Until a cold model is loaded, milliseconds. */
  readonly loadMs: number;
  /** From then to the first content; null = only `idleMs`. */
  readonly firstContentMs: number | null;
  /** Whole answers: until the answer; streams: between bytes. */
  readonly idleMs: number;
}

export class AnswerTimers {
  private readonly controller = new AbortController();
  private timer: NodeJS.Timeout | null = null;
  private flowing = false;
  private loading = false;
  private held = false;
  /** The wait that ran out while the upstream was not listened to. */
  private late: { readonly ms: number; readonly message: string } | null = null;

  constructor(private readonly limits: AnswerLimits) {}

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** The request is on its way. `loading`: the model is not in memory yet. */
  start(loading: boolean): void {
    this.loading = loading;
    if (loading) this.arm(this.limits.loadMs, 'did not load the model in time');
    else this.loaded();
  }

  /** The model is in memory: from now on the first content is waited for. */
  loaded(): void {
    if (this.flowing) return;
    this.loading = false;
    const { firstContentMs, idleMs } = this.limits;
    if (firstContentMs !== null && firstContentMs < idleMs) this.arm(firstContentMs, 'gave no first token in time');
    else this.arm(idleMs, 'did not answer in time');
  }

  /** Bytes came. Without content they only prove that somebody is there. */
  bytes(content: boolean): void {
    if (this.flowing) this.timer?.refresh();
    else if (content) {
      this.flowing = true;
      this.arm(this.limits.idleMs, 'fell silent in the middle of its answer');
    } else if (this.loading) this.loaded();
  }

  /** The client takes no more for now: until `resume` the upstream is not read, and its silence says nothing. */
  pause(): void {
    this.held = true;
  }

  resume(): void {
    this.held = false;
    const { late } = this;
    this.late = null;
    if (late !== null) this.arm(late.ms, late.message);
    else if (this.flowing) this.timer?.refresh();
  }

  stop(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }

  private arm(ms: number, message: string): void {
    this.stop();
    this.timer = setTimeout(() => {
      if (this.held) this.late = { ms, message };
      else this.controller.abort(new UpstreamProblem('upstream_timeout', message));
    }, ms);
  }
}
