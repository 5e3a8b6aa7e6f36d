/**
 * Readings of a worker's clock (ns), as places in a Float64Array that its parts share: as fields or arguments they
 * would be boxed, one allocation each.
 */
/** Start of the next pass; Infinity = nothing to do. */
export const nextStart = 0;
/** End of the last pass. */
export const busyUntil = 1;
/** Time spent in passes. */
export const busy = 2;
/** Start and end of the pass, or row of passes, being run. */
export const start = 3;
export const end = 4;
/** End of the first pass of the row. */
export const firstEnd = 7;
/** Starts of the last pass of the row and of the one before it. */
export const lastStart = 5;
export const secondLastStart = 6;

/** The clock of a worker that has not run yet. */
export function newClock(): Float64Array {
  return Float64Array.of(Infinity, 0, 0, 0, 0, 0, 0, 0);
}
