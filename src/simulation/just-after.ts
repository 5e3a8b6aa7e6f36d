/** A little over half the distance of two doubles at 1: enough to be rounded up to the next one, not to the one after. */
const MORE_THAN_HALF = Number.EPSILON * 0.500_001;

/** The next representable instant after `atNs`, so that "starts before it" means "starts at or before `atNs`". */
export function justAfter(atNs: number): number {
  return atNs + Math.max(atNs * MORE_THAN_HALF, Number.MIN_VALUE);
}
