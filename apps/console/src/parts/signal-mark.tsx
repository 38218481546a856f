import type { ReactNode } from 'react';

/** A signal that shows clear. */
export function SignalMark(): ReactNode {
  return (
    <svg className="mark" viewBox="0 0 32 32" aria-hidden="true">
      <rect x="8" y="1" width="16" height="30" rx="8" className="mark-body" />
      <circle cx="16" cy="9.5" r="5" className="mark-off" />
      <circle cx="16" cy="22" r="5.5" className="mark-on" />
    </svg>
  );
}
