const DIGIT_BITS = 11;
const DIGITS = 1 << DIGIT_BITS;

interface Columns {
  readonly keys: Uint32Array;
  readonly values: Uint32Array;
}

/**
 * Sorts keys ascending and their values along with them, stable, without a comparator: least significant digit first,
 * 11 bits at a time, as many digits as the largest key has. The given arrays are overwritten.
 * @returns sorted arrays, which may be the given ones
 */
export function sortByKey(keys: Uint32Array, values: Uint32Array): Columns {
  let from: Columns = { keys, values };
  let limit = 0;
  for (let i = 0; i < keys.length; i++) if (keys[i]! > limit) limit = keys[i]!;
  if (limit === 0) return from;
  let to: Columns = { keys: new Uint32Array(keys.length), values: new Uint32Array(keys.length) };
  const starts = new Uint32Array(DIGITS);
  for (let shift = 0; shift < 32 && limit >>> shift > 0; shift += DIGIT_BITS) {
    scatter(from.keys, from.values, to.keys, to.values, shift, starts);
    [from, to] = [to, from];
  }
  return from;
}

function scatter(
  keys: Uint32Array,
  values: Uint32Array,
  toKeys: Uint32Array,
  toValues: Uint32Array,
  shift: number,
  starts: Uint32Array,
): void {
  starts.fill(0);
  for (let i = 0; i < keys.length; i++) starts[(keys[i]! >>> shift) & (DIGITS - 1)]!++;
  let start = 0;
  for (let digit = 0; digit < DIGITS; digit++) {
    const count = starts[digit]!;
    starts[digit] = start;
    start += count;
  }
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]!;
    const place = starts[(key >>> shift) & (DIGITS - 1)]!++;
    toKeys[place] = key;
    toValues[place] = values[i]!;
  }
}
