/** Collects the frames of one tick and sends them as one message. */
import {
  encodeFrames,
  frameHeaderBytes,
  isUnnumbered,
  maxFramePayloadBytes,
  type Frame,
  type FrameType,
} from './frame.js';
import { streamTiming } from './timing.js';

export class FrameOutbox {
  private waiting: Frame[] = [];
  private waitingBytes = 0;
  private next = 0;
  private scheduled = false;
  private patience: NodeJS.Timeout | null = null;

  /** When the last message left, in the caller's clock. */
  lastSentAt: number;

  constructor(
    private readonly send: (message: Uint8Array) => void,
    private readonly now: () => number,
    private readonly atTickEnd: (write: () => void) => void,
  ) {
    this.lastSentAt = now();
  }

  /** Puts a frame in line; it leaves with the others of this tick. */
  push(type: FrameType, payload: Uint8Array, flags = 0): void {
    this.enqueue(type, payload, flags);
    if (this.scheduled) return;
    this.scheduled = true;
    this.atTickEnd(() => this.flush());
  }

  /** Puts a frame in line that may wait a moment for another one to leave with. */
  pushPatiently(type: FrameType, payload: Uint8Array): void {
    this.enqueue(type, payload, 0);
    if (!this.scheduled) this.patience ??= setTimeout(() => this.flush(), streamTiming.patienceMs);
  }

  private enqueue(type: FrameType, payload: Uint8Array, flags: number): void {
    const frame = { type, flags, sequence: this.next, payload };
    if (!isUnnumbered(type)) this.next += 1;
    const size = frameHeaderBytes + payload.byteLength;
    if (this.waitingBytes + size > maxFramePayloadBytes + frameHeaderBytes) this.flush();
    this.waiting.push(frame);
    this.waitingBytes += size;
  }

  /** Sends what is in line now. */
  flush(): void {
    this.scheduled = false;
    if (this.patience !== null) clearTimeout(this.patience);
    this.patience = null;
    if (this.waiting.length === 0) return;
    const frames = this.waiting;
    this.waiting = [];
    this.waitingBytes = 0;
    this.lastSentAt = this.now();
    this.send(encodeFrames(frames));
  }
}
