/** Arrivals in consecutive windows of equal length, from 0 to the last whole window. */
export function arrivalsPerWindow(arrivalMs: Float64Array, windowMs: number): Int32Array {
  let last = 0;
  for (const at of arrivalMs) if (at > last) last = at;
  const counts = new Int32Array(wholeWindows(last, windowMs));
  for (const at of arrivalMs) {
    const window = Math.floor(at / windowMs);
    if (window < counts.length) counts[window]! += 1;
  }
  return counts;
}

/**
 * Variance over mean of the arrivals in the windows of `arrivalsPerWindow`: 1 for Poisson arrivals, more when they come in
 * bursts; NaN without any. Empty windows take no room, for a trace may have a few requests in years of seconds.
 * @param arrivalMs rising
 */
export function indexOfDispersion(arrivalMs: Float64Array, windowMs: number): number {
  const windows = wholeWindows(arrivalMs.at(-1) ?? 0, windowMs);
  let sum = 0;
  let squares = 0;
  let window = 0;
  let count = 0;
  for (const at of arrivalMs) {
    const next = Math.floor(at / windowMs);
    if (next >= windows) break;
    if (next !== window) {
      squares += count * count;
      count = 0;
      window = next;
    }
    count++;
    sum++;
  }
  squares += count * count;
  const mean = sum / windows;
  return (squares / windows - mean * mean) / mean;
}

function wholeWindows(lastMs: number, windowMs: number): number {
  return Math.max(1, Math.floor(lastMs / windowMs));
}
