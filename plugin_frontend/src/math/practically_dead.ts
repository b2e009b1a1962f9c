/**
 * Which filters or maps of a layer are practically dead: so small beside the others that no later layer can tell them
 * from zero, as weight decay leaves them behind.
 *
 * One is practically dead where its norm is exactly zero, or below `DEAD_BELOW` times the layer's usual norm. NaN and
 * infinity are never dead, and have no say in what is usual.
 */

export const DEAD_BELOW = 1e-6;

/**
 * The norm that the others are held against: the median of the finite ones.
 *
 * Where most of a layer is dead its median is that of the dead. It is such a median where it is below `DEAD_BELOW`
 * itself and below `DEAD_BELOW` of the largest norm: then the median of those that are not that far below the largest.
 * So one exploding filter does not make all others dead. 0 where nothing is finite.
 */
export function usualNorm(norms: ArrayLike<number>): number {
  const finite = Float64Array.from(norms).filter(Number.isFinite).sort();
  const middle = medianOf(finite);
  const limit = DEAD_BELOW * (finite.at(-1) ?? 0);
  return middle < DEAD_BELOW && middle < limit ? medianOf(finite.filter((norm) => norm >= limit)) : middle;
}

/** 1 for each norm that is practically dead, else 0. */
export function practicallyDead(norms: ArrayLike<number>, usual = usualNorm(norms)): Uint8Array {
  return Uint8Array.from(norms, (norm) => Number(isDead(norm, usual)));
}

export function isDead(norm: number, usual: number): boolean {
  return norm === 0 || norm < DEAD_BELOW * usual;
}

/** Of numbers in rising order: the mean of the middle two where their number is even. */
function medianOf(sorted: Float64Array): number {
  const half = sorted.length >> 1;
  if (sorted.length === 0) return 0;
  return sorted.length % 2 === 1 ? sorted[half]! : sorted[half - 1]! / 2 + sorted[half]! / 2;
}
