import type { GapChunk, GapRecorder, RecordedGaps } from "./gap-recorder.ts";
import { bucketOf, bucketWeights, selectGaps } from "./gap-selection.ts";
import { arrangeRanks, emptySummary, wantedRanks } from "./latency-statistics.ts";
import type { LatencySummary } from "./latency-statistics.ts";
import { sketchedPercentiles } from "./sketched-percentiles.ts";

/**
 * Sums over all gaps, each counted as often as it was seen. Deviations are from a gap near the middle, so that the
 * variance comes out of one pass without cancellation.
 */
interface Sums {
  count: number;
  /** How many gaps are 0. */
  zeros: number;
  minNs: number;
  /** Smallest gap above 0. */
  minPositiveNs: number;
  maxNs: number;
  /** Σ (gap − pivot), Σ (gap − pivot)². */
  deviation: number;
  squares: number;
  /** The same of 1e9 / gap (tokens a second), over the gaps above 0. */
  perUserDeviation: number;
  perUserSquares: number;
}

/**
 * Statistics over all gaps of all requests (ms), and over the throughput a user saw in each: 1000 / gap, gaps of 0 left
 * out (engine-reference §9.2). Nothing is sorted but what surrounds the wanted percentiles.
 * @param percentiles exact, or as the reference's sketch answers them; distributions are exact either way
 */
export function summarizeGaps(
  recorder: GapRecorder,
  percentiles: "exact" | "sketched" = "exact",
): {
  readonly gaps: LatencySummary;
  readonly perUser: LatencySummary;
} {
  const recorded = recorder.recorded();
  const pivotNs = pivotOf(recorded);
  const sums: Sums = {
    count: 0,
    zeros: 0,
    minNs: Infinity,
    minPositiveNs: Infinity,
    maxNs: 0,
    deviation: 0,
    squares: 0,
    perUserDeviation: 0,
    perUserSquares: 0,
  };
  const weights = bucketWeights();
  for (const chunk of recorded.short) addChunk(chunk, pivotNs, sums, weights);
  for (const { gapNs, weight } of recorded.long) addLong(gapNs, weight, pivotNs, sums);
  if (sums.count === 0) return { gaps: emptySummary(), perUser: emptySummary() };

  // The throughput of rank r from below belongs to the gap of rank r from above.
  const positive = sums.count - sums.zeros;
  const gapRanks = wantedRanks(sums.count);
  const perUserRanks = positive === 0 ? null : wantedRanks(positive);
  const fromAbove = perUserRanks === null ? [] : perUserRanks.ranks.map((rank) => sums.count - 1 - rank);
  const ranks = [...new Set([...gapRanks.ranks, ...fromAbove])].toSorted((a, b) => a - b);
  const selected = selectGaps(recorded, weights, ranks, sums);
  const gapAt = new Map(ranks.map((rank, place) => [rank, selected[place]!]));

  const gapsExactly = arrangeRanks(gapRanks, (place) => gapAt.get(gapRanks.ranks[place]!)! / 1e6, {
    mean: (pivotNs + sums.deviation / sums.count) / 1e6,
    min: sums.minNs / 1e6,
    max: sums.maxNs / 1e6,
    std: deviationOf(sums.deviation, sums.squares, sums.count) / 1e6,
  });
  const gaps = percentiles === "exact" ? gapsExactly : sketchedPercentiles(gapsExactly, sums.count);
  if (perUserRanks === null) return { gaps, perUser: emptySummary() };
  const perUser = arrangeRanks(perUserRanks, (place) => throughput(gapAt.get(fromAbove[place]!)!), {
    mean: 1e9 / pivotNs + sums.perUserDeviation / positive,
    min: throughput(sums.maxNs),
    max: throughput(sums.minPositiveNs),
    std: deviationOf(sums.perUserDeviation, sums.perUserSquares, positive),
  });
  return { gaps, perUser: percentiles === "exact" ? perUser : sketchedPercentiles(perUser, positive) };
}

/** Tokens a second of one gap. */
function throughput(gapNs: number): number {
  return 1000 / (gapNs / 1e6);
}

/** Population standard deviation from sums of deviations and of their squares. */
function deviationOf(deviation: number, squares: number, count: number): number {
  const mean = deviation / count;
  return Math.sqrt(Math.max(0, squares / count - mean * mean));
}

/**
 * A gap above 0 that is not out of the ordinary: the median of a few evenly spread ones. Under speculative decoding these
 * may all be 0; then any will do but one that is not there, far from which the variance would be lost to rounding.
 */
function pivotOf({ short, long }: RecordedGaps): number {
  const few: number[] = [];
  for (const { gapNs, length } of short) {
    for (let i = 0; i < length; i += Math.max(1, length >>> 3)) if (gapNs[i]! > 0) few.push(gapNs[i]!);
  }
  if (few.length > 0) return few.toSorted((a, b) => a - b)[few.length >>> 1]!;
  for (const { gapNs, length } of short) {
    for (let i = 0; i < length; i++) if (gapNs[i]! > 0) return gapNs[i]!;
  }
  return long[0]?.gapNs ?? 1;
}

function addChunk(chunk: GapChunk, pivotNs: number, sums: Sums, weights: Float64Array): void {
  const { gapNs, weight, length } = chunk;
  const perUserPivot = 1e9 / pivotNs;
  let count = 0;
  let zeros = 0;
  let deviation = 0;
  let squares = 0;
  let perUserDeviation = 0;
  let perUserSquares = 0;
  let { minNs, minPositiveNs, maxNs } = sums;
  for (let i = 0; i < length; i++) {
    const gap = gapNs[i]!;
    const times = weight[i]!;
    weights[bucketOf(gap)]! += times;
    count += times;
    const off = gap - pivotNs;
    deviation += off * times;
    squares += off * off * times;
    if (gap < minNs) minNs = gap;
    if (gap === 0) {
      zeros += times;
      continue;
    }
    const perUserOff = 1e9 / gap - perUserPivot;
    perUserDeviation += perUserOff * times;
    perUserSquares += perUserOff * perUserOff * times;
    if (gap < minPositiveNs) minPositiveNs = gap;
    if (gap > maxNs) maxNs = gap;
  }
  sums.count += count;
  sums.zeros += zeros;
  sums.deviation += deviation;
  sums.squares += squares;
  sums.perUserDeviation += perUserDeviation;
  sums.perUserSquares += perUserSquares;
  Object.assign(sums, { minNs, minPositiveNs, maxNs });
}

/** Gaps of 2^32 ns and more; they have no bucket. */
function addLong(gapNs: number, times: number, pivotNs: number, sums: Sums): void {
  const off = gapNs - pivotNs;
  const perUserOff = 1e9 / gapNs - 1e9 / pivotNs;
  sums.count += times;
  sums.deviation += off * times;
  sums.squares += off * off * times;
  sums.perUserDeviation += perUserOff * times;
  sums.perUserSquares += perUserOff * perUserOff * times;
  sums.minNs = Math.min(sums.minNs, gapNs);
  sums.minPositiveNs = Math.min(sums.minPositiveNs, gapNs);
  sums.maxNs = Math.max(sums.maxNs, gapNs);
}
