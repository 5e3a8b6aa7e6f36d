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

const nothing: LatencyStatistics = { mean: 0, min: 0, max: 0, median: 0, p75: 0, p90: 0, p95: 0, p99: 0, std: 0 };

/**
 * Statistics of one value a request.
 * @param values finite; may be reordered
 */
export function summarizeValues(values: Float64Array): LatencySummary {
  const count = values.length;
  if (count === 0) return { statistics: { ...nothing }, distribution: [] };
  let sum = 0;
  let min = Infinity;
  let max = -Infinity;
  for (let i = 0; i < count; i++) {
    const value = values[i]!;
    sum += value;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  const mean = sum / count;
  let squares = 0;
  for (let i = 0; i < count; i++) {
    const deviation = values[i]! - mean;
    squares += deviation * deviation;
  }
  const std = min === max ? 0 : Math.sqrt(squares / count);
  const wanted = wantedRanks(count);
  const found = selectRanks(values, wanted.ranks);
  return arrange(wanted, (place) => found[place]!, { mean, min, max, std });
}

/**
 * Statistics of values that occur more than once.
 * @param values ascending
 * @param weights how often each occurs, > 0, as long as `values`
 */
export function summarizeWeighted(values: Float64Array, weights: Float64Array): LatencySummary {
  if (values.length === 0) return { statistics: { ...nothing }, distribution: [] };
  let count = 0;
  let sum = 0;
  for (let i = 0; i < values.length; i++) {
    count += weights[i]!;
    sum += weights[i]! * values[i]!;
  }
  const mean = sum / count;
  let squares = 0;
  for (let i = 0; i < values.length; i++) {
    const deviation = values[i]! - mean;
    squares += weights[i]! * deviation * deviation;
  }
  const min = values[0]!;
  const max = values[values.length - 1]!;
  const wanted = wantedRanks(count);
  const found = new Float64Array(wanted.ranks.length);
  let index = 0;
  let upTo = weights[0]!;
  for (let place = 0; place < found.length; place++) {
    while (upTo <= wanted.ranks[place]!) upTo += weights[++index]!;
    found[place] = values[index]!;
  }
  const std = min === max ? 0 : Math.sqrt(squares / count);
  return arrange(wanted, (place) => found[place]!, { mean, min, max, std });
}

interface WantedRanks {
  /** Ascending, without duplicates. */
  readonly ranks: number[];
  /** Place in `ranks` of each reported percentile, then of each distribution quantile. */
  readonly places: number[];
}

function wantedRanks(count: number): WantedRanks {
  const wanted = [
    ...reportedPercentiles.map((percentile) => percentileRank(count, percentile)),
    ...distributionQuantiles.map((share) => percentileRank(count, share * 100)),
  ];
  const ranks = [...new Set(wanted)].toSorted((a, b) => a - b);
  const placeOf = new Map(ranks.map((rank, place) => [rank, place]));
  return { ranks, places: wanted.map((rank) => placeOf.get(rank)!) };
}

function arrange(
  { places }: WantedRanks,
  at: (place: number) => number,
  moments: { mean: number; min: number; max: number; std: number },
): LatencySummary {
  const [median, p75, p90, p95, p99] = places.slice(0, reportedPercentiles.length).map(at);
  const { mean, min, max, std } = moments;
  return {
    statistics: { mean, min, max, median: median!, p75: p75!, p90: p90!, p95: p95!, p99: p99!, std },
    distribution: places.slice(reportedPercentiles.length).map(at),
  };
}
