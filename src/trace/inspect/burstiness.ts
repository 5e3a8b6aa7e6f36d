/** Arrivals in consecutive windows of equal length, from 0 to the last whole window. */
export function arrivalsPerWindow(arrivalMs: Float64Array, windowMs: number): Int32Array {
  let last = 0;
  for (const at of arrivalMs) if (at > last) last = at;
  const counts = new Int32Array(Math.max(1, Math.floor(last / windowMs)));
  for (const at of arrivalMs) {
    const window = Math.floor(at / windowMs);
    if (window < counts.length) counts[window]! += 1;
  }
  return counts;
}

/** Variance over mean of counts: 1 for Poisson arrivals, more when they come in bursts. NaN without any. */
export function indexOfDispersion(counts: Int32Array): number {
  let sum = 0;
  let squares = 0;
  for (const count of counts) {
    sum += count;
    squares += count * count;
  }
  const mean = sum / counts.length;
  return (squares / counts.length - mean * mean) / mean;
}
