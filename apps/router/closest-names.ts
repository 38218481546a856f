/** Names that somebody may have meant. */

const mostSuggestions = 3;

/** Up to three of `names`, closest first: those that differ in case only, then by edit distance (at most a third). */
export function closestNames(asked: string, names: readonly string[]): string[] {
  const wanted = asked.toLowerCase();
  const sameButCase = names.filter((name) => name.toLowerCase() === wanted);
  if (sameButCase.length > 0) return sameButCase.slice(0, mostSuggestions);
  const limit = Math.max(2, Math.floor(wanted.length / 3));
  return names
    .map((name) => ({ name, distance: distanceWithin(wanted, name.toLowerCase(), limit) }))
    .filter((entry) => entry.distance <= limit)
    .sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1))
    .slice(0, mostSuggestions)
    .map((entry) => entry.name);
}

/** The distance of two names; one that contains the other is just near enough. */
function distanceWithin(one: string, other: string, limit: number): number {
  const distance = editDistance(one, other, limit);
  if (distance <= limit || one.length < 3 || other.length < 3) return distance;
  return one.includes(other) || other.includes(one) ? limit : distance;
}

/** Levenshtein distance, or `limit + 1` where it is larger. */
function editDistance(one: string, other: string, limit: number): number {
  if (Math.abs(one.length - other.length) > limit) return limit + 1;
  let row = Array.from({ length: other.length + 1 }, (_unused, column) => column);
  for (let i = 1; i <= one.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= other.length; j += 1) {
      const substituted = (row[j - 1] ?? 0) + (one[i - 1] === other[j - 1] ? 0 : 1);
      next.push(Math.min(substituted, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    if (Math.min(...next) > limit) return limit + 1;
    row = next;
  }
  return row[other.length] ?? limit + 1;
}
