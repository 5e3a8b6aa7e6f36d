/** The next representable instant after `atNs`, so that "starts before it" means "starts at or before `atNs`". */
export function justAfter(atNs: number): number {
  return atNs + Math.max(atNs * Number.EPSILON, Number.MIN_VALUE);
}
