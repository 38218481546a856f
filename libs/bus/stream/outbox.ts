/** Collects the frames of one tick and sends them as one message. */
import {
  encodeFrames,
  frameHeaderBytes,
  isUnnumbered,
  maxFramePayloadBytes,
  type Frame,
  type FrameType,
} from './frame.js';

export class FrameOutbox {
  private waiting: Frame[] = [];
  private waitingBytes = 0;
  private next = 0;
  private scheduled = false;

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
    const frame = { type, flags, sequence: this.next, payload };
    if (!isUnnumbered(type)) this.next += 1;
    const size = frameHeaderBytes + payload.byteLength;
    if (this.waitingBytes + size > maxFramePayloadBytes + frameHeaderBytes) this.flush();
    this.waiting.push(frame);
    this.waitingBytes += size;
    if (this.scheduled) return;
    this.scheduled = true;
    this.atTickEnd(() => this.flush());
  }

  /** Sends what is in line now. */
  flush(): void {
    this.scheduled = false;
    if (this.waiting.length === 0) return;
    const frames = this.waiting;
    this.waiting = [];
    this.waitingBytes = 0;
    this.lastSentAt = this.now();
    this.send(encodeFrames(frames));
  }
}
