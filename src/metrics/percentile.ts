/**
 * 0-based rank of a percentile by the nearest-rank rule of the reference: round((n − 1) · p / 100), halves away from
 * zero (engine-reference §9.2).
 * @param count number of values, ≥ 1
 */
export function percentileRank(count: number, percentile: number): number {
  return Math.floor(((count - 1) * percentile) / 100 + 0.5);
}

/** The percentiles a report shows, ascending. */
export const reportedPercentiles = [50, 75, 90, 95, 99] as const;

/** Cumulative shares at which distributions are kept: every half percent, finer towards both ends. No transcendental
 * function is involved, so every platform gets the same doubles. */
export const distributionQuantiles: readonly number[] = [
  ...Array.from({ length: 10 }, (_, i) => i / 1000),
  ...Array.from({ length: 197 }, (_, i) => (i + 2) / 200),
  ...Array.from({ length: 9 }, (_, i) => (991 + i) / 1000),
  ...Array.from({ length: 9 }, (_, i) => (9991 + i) / 10_000),
  ...Array.from({ length: 9 }, (_, i) => (99_991 + i) / 100_000),
  1,
];
