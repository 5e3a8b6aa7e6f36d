import { arrivalJump } from "./arrival-jump.ts";
import type { RequestHistory } from "./request-history.ts";

/** How the traffic is expected to be. */
export interface Demand {
  /** Requests a second at the horizon. */
  readonly requestsPerSecond: number;
  /** Requests a second now. */
  readonly levelPerSecond: number;
  /** Seconds up to now over which the traffic has been as it is now. */
  readonly steadySeconds: number;
  /** It has jumped just now: little is known of how it is. */
  readonly jumped: boolean;
}

/** Seconds of one count. */
const binSeconds = 60;
/** Windows tried, in counts: each about one and a half times the one before. */
const windows = [1, 2, 3, 5, 8, 12, 18, 27, 40];
/** Fewest counts a trend is read from. */
const leastTrend = 5;
/** Standard errors by which a longer window's mean may differ from a shorter one's and still tell the same story. */
const tolerance = 3;
/** Median of |a − b| for normal a and b of standard deviation 1. */
const medianOfNormalChange = 0.954;
/** Times the noise's variance a window may scatter about a line and still be one. */
const lineMisfit = 1.8;

/**
 * Expects the traffic to go on as it is: at the rate of the longest window whose mean agrees with every shorter one's
 * (Lepski's method), along the trend where there is one.
 * @param horizonSeconds how far ahead of now
 */
export function expectedDemand(history: RequestHistory, nowSeconds: number, horizonSeconds: number): Demand {
  const bins = countsBack(history, nowSeconds);
  if (bins.length === 0) {
    const seconds = Math.max(1, nowSeconds);
    const requestsPerSecond = history.arrivals(0, nowSeconds) / seconds;
    return { requestsPerSecond, levelPerSecond: requestsPerSecond, steadySeconds: seconds, jumped: false };
  }
  const noise = noiseOf(bins);
  const length = agreeingWindow(bins, noise);
  const level = meanOf(bins, length);
  // A minute is long to wait.
  const jump = arrivalJump(history, nowSeconds, level / binSeconds);
  if (jump !== null) {
    const { requestsPerSecond, seconds } = jump;
    return { requestsPerSecond, levelPerSecond: requestsPerSecond, steadySeconds: seconds, jumped: true };
  }
  const trend = trendOf(bins, noise);
  // The mean stands for the middle of its window. A trend goes on for half as long as it has been seen.
  const ahead = length / 2 + Math.min(horizonSeconds / binSeconds, trend.length / 2);
  const expected = Math.min(3 * level, Math.max(level / 3, level + trend.slope * ahead));
  return {
    requestsPerSecond: expected / binSeconds,
    levelPerSecond: level / binSeconds,
    steadySeconds: length * binSeconds,
    jumped: false,
  };
}

/** Requests a bin, the newest first, as far back as there were any. */
function countsBack(history: RequestHistory, nowSeconds: number): number[] {
  const seconds = nowSeconds - Math.max(0, history.sinceSeconds);
  const available = Math.min(windows.at(-1)!, Math.floor(seconds / binSeconds + 0.5));
  const count = (back: number): number =>
    history.arrivals(nowSeconds - (back + 1) * binSeconds, nowSeconds - back * binSeconds);
  return Array.from({ length: Math.max(0, available) }, (_, back) => count(back));
}

/** Length of the longest window, counted back from the newest bin, that agrees with all shorter ones. */
function agreeingWindow(bins: readonly number[], noise: number): number {
  let length = 1;
  for (const longer of windows) {
    if (longer > bins.length) break;
    const agrees = windows.every(
      (shorter) =>
        shorter >= longer ||
        Math.abs(meanOf(bins, longer) - meanOf(bins, shorter)) <=
          tolerance * noise * Math.sqrt(1 / shorter - 1 / longer),
    );
    if (!agrees) break;
    length = longer;
  }
  return length;
}

/**
 * Standard deviation of a count, free of trends and of a few jumps: from the median change between neighbours; at
 * least that of independent arrivals.
 */
function noiseOf(bins: readonly number[]): number {
  const changes: number[] = [];
  for (let i = 1; i < bins.length; i++) changes.push(Math.abs(bins[i]! - bins[i - 1]!));
  const median = changes.toSorted((a, b) => a - b)[changes.length >> 1] ?? 0;
  const own = changes.length < 3 ? 0 : median / medianOfNormalChange;
  return Math.max(own, Math.sqrt(meanOf(bins, bins.length)), 1);
}

/**
 * Change a bin, newest minus older, of the longest window a line fits (a jump is no trend), drawn towards 0 by what
 * chance alone explains (positive-part James-Stein).
 */
function trendOf(bins: readonly number[], noise: number): { slope: number; length: number } {
  for (const length of windows.toReversed()) {
    if (length > bins.length || length < leastTrend) continue;
    const centre = (length - 1) / 2;
    const mean = meanOf(bins, length);
    let cross = 0;
    let spread = 0;
    for (let i = 0; i < length; i++) {
      cross += (centre - i) * (bins[i]! - mean);
      spread += (centre - i) ** 2;
    }
    const slope = cross / spread;
    let squares = 0;
    for (let i = 0; i < length; i++) squares += (bins[i]! - mean - slope * (centre - i)) ** 2;
    if (squares / (length - 2) > lineMisfit * noise ** 2) continue;
    const error = noise / Math.sqrt(spread);
    return { slope: slope === 0 ? 0 : slope * Math.max(0, 1 - (error / slope) ** 2), length };
  }
  return { slope: 0, length: 0 };
}

function meanOf(bins: readonly number[], length: number): number {
  let sum = 0;
  for (let i = 0; i < length; i++) sum += bins[i]!;
  return length === 0 ? 0 : sum / length;
}
