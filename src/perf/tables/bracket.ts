/** Index of the last key ≤ `wanted` in ascending keys; −1 when all are larger. */
export function lastAtMost(keys: ArrayLike<number>, wanted: number): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (keys[middle]! <= wanted) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Index of the key nearest to `wanted`, the lower one on a tie. */
export function nearestKey(keys: ArrayLike<number>, wanted: number): number {
  const below = lastAtMost(keys, wanted);
  if (below < 0) return 0;
  if (below === keys.length - 1) return below;
  return wanted - keys[below]! <= keys[below + 1]! - wanted ? below : below + 1;
}
