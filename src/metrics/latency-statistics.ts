import { distributionQuantiles, percentileRank, reportedPercentiles } from "./percentile.ts";
import { selectRanks } from "./rank-selection.ts";

/** Nine statistics of one quantity; all 0 when there was no value. */
export interface LatencyStatistics {
  mean: number;
  min: number;
  max: number;
  median: number;
  p75: number;
  p90: number;
  p95: number;
  p99: number;
  /** Of the population. */
  std: number;
}

/** Statistics and cumulative distribution (at `distributionQuantiles`; empty without values) of one quantity. */
export interface LatencySummary {
  readonly statistics: LatencyStatistics;
  readonly distribution: number[];
}

/** The summary of no values at all. */
export function emptySummary(): LatencySummary {
  return {
    statistics: { mean: 0, min: 0, max: 0, median: 0, p75: 0, p90: 0, p95: 0, p99: 0, std: 0 },
    distribution: [],
  };
}

/**
 * Statistics of one value a request.
 * @param values finite; may be reordered
 */
export function summarizeValues(values: Float64Array): LatencySummary {
  const count = values.length;
  if (count === 0) return emptySummary();
  const wanted = wantedRanks(count);
  const found = selectRanks(values, wanted.ranks);
  return arrangeRanks(wanted, (place) => found[place]!, moments(values));
}

/** What needs no order. */
interface Moments {
  readonly mean: number;
  readonly min: number;
  readonly max: number;
  readonly std: number;
}

function moments(values: Float64Array): Moments {
  let sum = 0;
  let min = Infinity;
  let max = -Infinity;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    sum += value;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  const mean = sum / values.length;
  let squares = 0;
  for (let i = 0; i < values.length; i++) {
    const deviation = values[i]! - mean;
    squares += deviation * deviation;
  }
  return { mean, min, max, std: min === max ? 0 : Math.sqrt(squares / values.length) };
}

/** Ranks a summary has to look up. */
export interface WantedRanks {
  /** Ascending, without duplicates. */
  readonly ranks: number[];
  /** Place in `ranks` of each reported percentile, then of each distribution quantile. */
  readonly places: number[];
}

/** Ranks of the reported percentiles and of the distribution among so many values. */
export function wantedRanks(count: number): WantedRanks {
  const wanted = [
    ...reportedPercentiles.map((percentile) => percentileRank(count, percentile)),
    ...distributionQuantiles.map((share) => percentileRank(count, share * 100)),
  ];
  const ranks = [...new Set(wanted)].toSorted((a, b) => a - b);
  const placeOf = new Map(ranks.map((rank, place) => [rank, place]));
  return { ranks, places: wanted.map((rank) => placeOf.get(rank)!) };
}

/** Puts a summary together from the values at the wanted ranks. */
export function arrangeRanks(
  { places }: WantedRanks,
  at: (place: number) => number,
  { mean, min, max, std }: Moments,
): LatencySummary {
  const [median, p75, p90, p95, p99] = places.slice(0, reportedPercentiles.length).map(at);
  return {
    statistics: { mean, min, max, median: median!, p75: p75!, p90: p90!, p95: p95!, p99: p99!, std },
    distribution: places.slice(reportedPercentiles.length).map(at),
  };
}
