/** The clock of the token stream, milliseconds. */
export const streamTiming = {
  /** Something is sent at least this often in both directions. */
  beatMs: 1_000,
  /** This long without a sign means dead. */
  silenceMs: 3_000,
  /** What only says that a worker is there waits so long for the first thing that it has to say. */
  patienceMs: 20,
} as const;
