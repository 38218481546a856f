/** Tells routers what runs and waits on a host, every second and soon after a change; the same as metrics. */
import type { Bus } from '#bus';
import { BackendLoad, type BackendId, type LoadedModel } from '#contracts';
import type { Metrics } from '#telemetry';
import { expectedWaitMs } from '../queue/forecast.js';
import type { Admission } from './admission.controller.js';

const everyMs = 1_000;
/** Changes within this time are told together. */
const gatherMs = 50;

export class LoadPublisher {
  private timer: NodeJS.Timeout | null = null;
  private running = false;
  private lastAt = 0;

  constructor(
    private readonly parts: { readonly bus: Bus; readonly metrics: Metrics; readonly holder: string },
    private readonly backendId: BackendId,
    private readonly admission: Admission,
    private readonly state: () => { loaded: readonly LoadedModel[] | null; draining: boolean },
  ) {}

  start(): void {
    this.running = true;
    this.soon();
  }

  /** Says that nothing runs here any more: the next owner counts from now on. */
  stop(): void {
    this.running = false;
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    const { metrics } = this.parts;
    metrics.forget('signalbox_backend_queue_depth', { backend: this.backendId });
    metrics.forget('signalbox_backend_inflight', { backend: this.backendId });
    metrics.forget('signalbox_backend_expected_wait_seconds', { backend: this.backendId });
  }

  /** Something has changed. */
  soon(): void {
    if (!this.running) return;
    const now = performance.now();
    this.plan(Math.max(0, Math.min(gatherMs, this.lastAt + gatherMs - now)));
  }

  private plan(ms: number): void {
    if (this.timer !== null && ms > gatherMs) return;
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.timer = null;
      this.publish();
      if (this.running) this.plan(everyMs);
    }, ms);
  }

  private publish(): void {
    const now = performance.now();
    this.lastAt = now;
    const { running, waiting } = this.admission.queue.counts;
    const { loaded, draining } = this.state();
    const waitMs = expectedWaitMs(this.admission.queue, now);
    this.parts.bus.publish(
      BackendLoad,
      {
        v: 1,
        backendId: this.backendId,
        reporter: this.parts.holder,
        running,
        queued: waiting,
        loaded: loaded === null ? null : [...loaded],
        expectedWaitMs: waitMs,
        draining,
        swaps: this.admission.swaps,
        at: new Date().toISOString(),
      },
      { tokens: { backend: this.backendId } },
    );
    this.parts.metrics.set('signalbox_backend_queue_depth', { backend: this.backendId }, waiting);
    this.parts.metrics.set('signalbox_backend_inflight', { backend: this.backendId }, running);
    this.parts.metrics.set('signalbox_backend_expected_wait_seconds', { backend: this.backendId }, waitMs / 1000);
  }
}
