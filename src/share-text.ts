/**
 * A share 0..1 in percent, to a tenth. What is not all never reads as 100 %, nor what is something as 0 %: of a million
 * requests one may be the one that counts.
 */
export function shareText(share: number): string {
  const told = share > 0 && share < 1 ? Math.min(0.999, Math.max(0.001, share)) : share;
  return `${(told * 100).toFixed(1)} %`;
}
