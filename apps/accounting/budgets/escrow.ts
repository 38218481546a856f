/** Posting: what was really used replaces what was held for it. */
import { withLease, type Lease, type ScopeWindow } from './lease.js';

/**
 * Posts an amount (negative: a correction) on a window and on the lease that held its reservation. The truth is posted
 * even where it is above the limit; `overrun` then says by how much, so that the balance of the window still holds.
 */
export function postAmount(
  window: ScopeWindow,
  lease: Lease | null,
  amount: number,
): { readonly window: ScopeWindow; readonly lease: Lease | null } {
  const moved =
    lease === null ? { window, lease } : withLease(window, lease, { ...lease, settled: lease.settled + amount });
  return { window: withOverrun({ ...moved.window, settled: window.settled + amount }), lease: moved.lease };
}

/** The window under another limit. Lowered below what is spent and held, it overruns; raised again, it does not. */
export function withLimit(window: ScopeWindow, limit: number): ScopeWindow {
  return limit === window.limit ? window : withOverrun({ ...window, limit, overrun: 0 });
}

function withOverrun(window: ScopeWindow): ScopeWindow {
  const over = window.settled + window.held - window.limit;
  return over > window.overrun ? { ...window, overrun: over } : window;
}
