/** Sorting orders: which item stands at which place. */

/** 0, 1, 2, … */
export function byIndex(length: number): Int32Array {
  return Int32Array.from({ length }, (_, i) => i);
}

/** Largest first; NaN before all else, as it wants to be seen; those in `last` behind all others; equal ones by index. */
export function byLargest(keys: ArrayLike<number>, last?: ArrayLike<number>): Int32Array {
  return byIndex(keys.length).sort((a, b) => {
    const behind = (last?.[a] ?? 0) - (last?.[b] ?? 0);
    if (behind !== 0) return behind;
    const x = keys[a]!;
    const y = keys[b]!;
    if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(y)) - Number(Number.isNaN(x)) || a - b;
    return x === y ? a - b : y > x ? 1 : -1;
  });
}
