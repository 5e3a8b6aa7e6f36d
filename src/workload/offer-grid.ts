/**
 * The nearest time on the grid of 1/8 ns that all offers lie on. Sums of such times and whole nanoseconds are exact in
 * doubles for 13 days, in whatever order and in however few steps they are formed.
 */
export function onOfferGrid(ns: number): number {
  return Math.round(ns * 8) / 8;
}

/** When something recorded at `ms` (already divided by the speed-up) is offered, ns. */
export type OfferTime = (ms: number) => number;

/** The nearest time on the grid of offers. */
export const nearestOffer: OfferTime = (ms) => onOfferGrid(ms * 1e6);

/**
 * As `nearestOffer`, but what lies above a whole millisecond by no more than rounding stays above it: 42,000 ms at a
 * speed-up of 0.7 are 60,000.00000000001, so a tick at 60,000 ms does not see that arrival yet.
 */
export const offerAfterRounding: OfferTime = (ms) => {
  const ns = nearestOffer(ms);
  return ns === Math.round(ms) * 1e6 && ms > Math.round(ms) ? ns + 1 / 8 : ns;
};
