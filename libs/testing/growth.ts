/** How the cost of a function grows with its input: a test of that holds on a busy machine, where one of milliseconds does not. */

/** Less than this says nothing: a collection of garbage takes as long. */
const leastMicroseconds = 8_000;
const tries = 3;

/**
 * How many times the processor time of `work` grows with four times the size: about 4 where it is linear, 16 where it is
 * quadratic. It is run as often as it takes to be measured; the least of several tries counts.
 */
export function growthOf(work: (size: number) => void, size: number): number {
  let times = 1;
  while (cpuMicroseconds(work, size, times) < leastMicroseconds) times *= 2;
  const least = (of: number) => Math.min(...Array.from({ length: tries }, () => cpuMicroseconds(work, of, times)));
  return least(4 * size) / Math.max(1, least(size));
}

function cpuMicroseconds(work: (size: number) => void, size: number, times: number): number {
  const before = process.cpuUsage();
  for (let i = 0; i < times; i += 1) work(size);
  // Both: how the sum is split is only sampled.
  const { user, system } = process.cpuUsage(before);
  return user + system;
}
