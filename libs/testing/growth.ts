/** How the cost of a function grows with its input: a test of that holds on a busy machine, where one of milliseconds does not. */

/** Less than this says nothing: a collection of garbage takes as long. */
const leastMicroseconds = 15_000;
const tries = 4;
const times = 8;

/** Between what linear work grows by at eight times the size (8) and what quadratic work does (64). */
export const worseThanLinear = 24;

/**
 * How many times the processor time of `work` grows with eight times the size. It is run as often as it takes to be
 * measured; the least of several tries counts.
 */
export function growthOf(work: (size: number) => void, size: number): number {
  let rounds = 1;
  while (cpuMicroseconds(work, size, rounds) < leastMicroseconds) rounds *= 2;
  const least = (of: number) => Math.min(...Array.from({ length: tries }, () => cpuMicroseconds(work, of, rounds)));
  return least(times * size) / Math.max(1, least(size));
}

function cpuMicroseconds(work: (size: number) => void, size: number, rounds: number): number {
  const before = process.cpuUsage();
  for (let i = 0; i < rounds; i += 1) work(size);
  // Both: how the sum is split is only sampled.
  const { user, system } = process.cpuUsage(before);
  return user + system;
}
