const DIGIT_BITS = 11;
const DIGITS = 1 << DIGIT_BITS;
const TWO_TO_32 = 2 ** 32;

/**
 * Sorts the first `length` keys ascending and their values along with them, stable, without a comparator: least
 * significant digit first, 11 bits at a time, as many digits as the largest key has.
 * @param keys integers, 0 ≤ key < 2^53
 * @returns arrays as long as the given ones, which may be the given ones
 */
export function sortByKey(
  keys: Float64Array,
  values: Float64Array,
  length: number,
): { keys: Float64Array; values: Float64Array } {
  let from: Columns = { keys, values };
  const limit = largest(keys, length);
  if (limit === 0 || length < 2) return from;
  let to: Columns = { keys: new Float64Array(keys.length), values: new Float64Array(values.length) };
  const starts = new Uint32Array(DIGITS);
  for (let shift = 0, unit = 1; unit <= limit; shift += DIGIT_BITS, unit *= DIGITS) {
    // A digit is cut out of the low 32 bits where it lies in them, else out of the key without its lower digits.
    if (shift + DIGIT_BITS <= 32) scatterLow(from, to, length, shift, starts);
    else scatterHigh(from, to, length, unit, starts);
    [from, to] = [to, from];
  }
  return from;
}

interface Columns {
  readonly keys: Float64Array;
  readonly values: Float64Array;
}

function largest(keys: Float64Array, length: number): number {
  let largest = 0;
  for (let i = 0; i < length; i++) if (keys[i]! > largest) largest = keys[i]!;
  return largest;
}

function scatterLow(from: Columns, to: Columns, length: number, shift: number, starts: Uint32Array): void {
  const { keys, values } = from;
  const { keys: toKeys, values: toValues } = to;
  starts.fill(0);
  for (let i = 0; i < length; i++) starts[(keys[i]! >>> shift) & (DIGITS - 1)]!++;
  countsToStarts(starts);
  for (let i = 0; i < length; i++) {
    const key = keys[i]!;
    const place = starts[(key >>> shift) & (DIGITS - 1)]!++;
    toKeys[place] = key;
    toValues[place] = values[i]!;
  }
}

function scatterHigh(from: Columns, to: Columns, length: number, divisor: number, starts: Uint32Array): void {
  const { keys, values } = from;
  const { keys: toKeys, values: toValues } = to;
  const digit = (key: number) => Math.floor((key / divisor) % TWO_TO_32) & (DIGITS - 1);
  starts.fill(0);
  for (let i = 0; i < length; i++) starts[digit(keys[i]!)]!++;
  countsToStarts(starts);
  for (let i = 0; i < length; i++) {
    const key = keys[i]!;
    const place = starts[digit(key)]!++;
    toKeys[place] = key;
    toValues[place] = values[i]!;
  }
}

function countsToStarts(counts: Uint32Array): void {
  let start = 0;
  for (let digit = 0; digit < counts.length; digit++) {
    const count = counts[digit]!;
    counts[digit] = start;
    start += count;
  }
}
