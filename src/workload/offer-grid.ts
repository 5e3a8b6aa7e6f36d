/**
 * The nearest time on the grid of 1/8 ns that all offers lie on. Sums of such times and whole nanoseconds are exact in
 * doubles for 13 days, in whatever order and in however few steps they are formed.
 */
export function onOfferGrid(ns: number): number {
  return Math.round(ns * 8) / 8;
}
