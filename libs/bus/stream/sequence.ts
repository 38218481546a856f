/** Checks the numbers of arriving frames. Pure. */
import { isUnnumbered, type Frame } from './frame.js';

export type SequenceVerdict = 'take' | 'duplicate' | 'gap';

export class SequenceCheck {
  private next = 0;

  /** `gap`: something was lost, the stream must fail. Unnumbered frames name the number that comes next. */
  judge(frame: Frame): SequenceVerdict {
    if (isUnnumbered(frame.type)) return frame.sequence > this.next ? 'gap' : 'take';
    if (frame.sequence < this.next) return 'duplicate';
    if (frame.sequence > this.next) return 'gap';
    this.next += 1;
    return 'take';
  }
}
