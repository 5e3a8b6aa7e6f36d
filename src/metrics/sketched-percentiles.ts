import type { LatencySummary } from "./latency-statistics.ts";

/** The reference keeps pooled gaps in a DDSketch of this relative error. */
const RELATIVE_ERROR = 0.001;
const GROWTH = 1 + (2 * RELATIVE_ERROR) / (1 - RELATIVE_ERROR);
const LOG_GROWTH = Math.log1p((2 * RELATIVE_ERROR) / (1 - RELATIVE_ERROR));

/**
 * A summary with its reported percentiles as such a sketch answers them. Its bins keep the order of the values, so the bin
 * of a percentile is that of the value of the same rank, and nothing has to be counted bin by bin.
 * @param summary exact; the distribution stays so
 * @param count number of values
 */
export function sketchedPercentiles({ statistics, distribution }: LatencySummary, count: number): LatencySummary {
  if (count <= 1) return { statistics, distribution };
  const { median, p75, p90, p95, p99 } = statistics;
  const [m, a, b, c, d] = [median, p75, p90, p95, p99].map(middleOfBin);
  return { statistics: { ...statistics, median: m!, p75: a!, p90: b!, p95: c!, p99: d! }, distribution };
}

/** What stands for a value ≥ 0: the middle of its bin; bins grow by a constant factor, and 0 has its own. */
function middleOfBin(value: number): number {
  if (value === 0) return 0;
  const bin = Math.ceil(Math.log(value) / LOG_GROWTH);
  return Math.exp(bin * LOG_GROWTH) * (2 / (1 + GROWTH));
}
