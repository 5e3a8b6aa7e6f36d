const bits = new DataView(new ArrayBuffer(8));

/**
 * Milliseconds to integer nanoseconds, as the reference's clock rounds them: the nearest integer to the *exact* value
 * of the double `ms / 1000` times 1e9, ties to even (engine-findings §1.1). The product in doubles is only off near a
 * tie, where the exact value decides.
 * @param ms finite, ≥ 0
 */
export function nanosecondsFromMs(ms: number): number {
  return nanosecondsFromSeconds(ms / 1000);
}

/** Seconds to integer nanoseconds, rounded as `nanosecondsFromMs` does. */
export function nanosecondsFromSeconds(seconds: number): number {
  const product = seconds * 1e9;
  const below = Math.floor(product);
  const fraction = product - below;
  if (fraction < 0.4999 || fraction > 0.5001) return fraction < 0.5 ? below : below + 1;
  return roundExactly(seconds);
}

/** Nearest integer to seconds · 1e9 in exact arithmetic on the double's bits, ties to even. */
function roundExactly(seconds: number): number {
  bits.setFloat64(0, seconds);
  const high = bits.getUint32(0);
  const exponent = (high >>> 20) & 0x7ff;
  const mantissa = (BigInt(high & 0xfffff) << 32n) | BigInt(bits.getUint32(4)) | (exponent === 0 ? 0n : 1n << 52n);
  // seconds = mantissa · 2^(exponent − 1075); durations near a tie are far below 2^52 s, so the shift is to the right.
  const shift = BigInt(1075 - Math.max(1, exponent));
  const scaled = mantissa * 1_000_000_000n;
  if (shift <= 0n) return Number(scaled << -shift);
  const whole = scaled >> shift;
  const rest = scaled - (whole << shift);
  const half = 1n << (shift - 1n);
  const up = rest > half || (rest === half && (whole & 1n) === 1n);
  return Number(up ? whole + 1n : whole);
}

/** Integer nanoseconds divided by a speed-up ratio and rounded again, as the reference scales durations. */
export function scaleNanoseconds(ns: number, speedup: number): number {
  if (speedup === 1) return ns;
  const whole = Math.floor(ns / 1e9);
  const seconds = whole + (ns - whole * 1e9) / 1e9;
  return nanosecondsFromSeconds(seconds / speedup);
}
