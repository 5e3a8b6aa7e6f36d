/**
 * Readings of a worker's clock (ns), as places in a Float64Array that its parts share: as fields or arguments they
 * would be boxed, one allocation each.
 */
/** Start of the next pass; Infinity = nothing to do. */
export const nextStart = 0;
/** End of the last pass. */
export const busyUntil = 1;
/** Time spent in passes, ns. */
export const busy = 2;
/** Start of the pass, or row of passes, being run. */
export const start = 3;
/** End of it. */
export const end = 4;
/** End of the first pass of the row. */
export const firstEnd = 7;
/** Start of the last pass of the row. */
export const lastStart = 5;
/** Start of the pass before the last of the row. */
export const secondLastStart = 6;

/** The clock of a worker that has not run yet. */
export function newClock(): Float64Array {
  return Float64Array.of(Infinity, 0, 0, 0, 0, 0, 0, 0);
}
