import type { Trace } from "../trace.ts";
import { knownTimes, risingOrder } from "../transform/arrival-order.ts";
import { selectRequests } from "../transform/select-requests.ts";
import { arrivalsPerWindow, indexOfDispersion } from "./burstiness.ts";
import { hitRateCurve } from "./hit-rate-curve.ts";
import { sharingDepths } from "./prefix-sharing.ts";

/** What `windtunnel trace inspect` tells about a trace. Times in seconds unless named otherwise; null = no such data. */
export interface TraceProfile {
  readonly name: string;
  readonly notes: readonly string[];
  readonly requests: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly arrivals: ArrivalProfile | null;
  readonly inputLength: Distribution;
  readonly outputLength: Distribution;
  readonly sessions: SessionProfile | null;
  readonly sharing: SharingProfile | null;
}

/** When requests come. Rates are means over the whole trace. */
export interface ArrivalProfile {
  readonly durationSeconds: number;
  readonly requestsPerSecond: number;
  readonly inputTokensPerSecond: number;
  readonly outputTokensPerSecond: number;
  /** Index of dispersion of arrivals in windows of some lengths: 1 = Poisson. */
  readonly dispersion: readonly { readonly windowSeconds: number; readonly index: number }[];
  /** Standard deviation over mean of the gaps between arrivals. */
  readonly gapVariation: number;
  /** Most arrivals in one window of 60 s, per second; null for traces shorter than that. */
  readonly peakRequestsPerSecond: number | null;
  /** Arrivals in each minute, the last whole one included. */
  readonly perMinute: readonly number[];
}

/** What a quantity's values are like, in its own unit. */
export interface Distribution {
  readonly mean: number;
  readonly std: number;
  readonly min: number;
  readonly p25: number;
  readonly p50: number;
  readonly p75: number;
  readonly p90: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

/** Sessions of a trace; `thinkMs` = waiting before a turn after the first, null where no turn has any. */
export interface SessionProfile {
  readonly count: number;
  readonly turns: Distribution;
  readonly thinkMs: Distribution | null;
}

/** What prompts have in common, in blocks. */
export interface SharingProfile {
  readonly blockSize: number;
  readonly blocks: number;
  readonly distinctBlocks: number;
  /** Leading blocks of each prompt that were seen before. */
  readonly depth: Distribution;
  /** Share of prompts with at least one such block. */
  readonly sharingPrompts: number;
  /** Hits over look-ups of a cache without bounds. */
  readonly infiniteHitRate: number;
  /** The same over whole blocks only: a partial last block can never be shared. null = there is none. */
  readonly infiniteHitRateWholeBlocks: number | null;
  /** Exact hit rates of LRU caches by size. */
  readonly lru: readonly { readonly blocks: number; readonly tokens: number; readonly hitRate: number }[];
  /** Smallest LRU cache with the hits of one without bounds, blocks. */
  readonly saturatedAtBlocks: number;
}

/** Measures a trace. Prompts look up a cache in order of arrival, those without a time in file order. */
export function profileTrace(trace: Trace): TraceProfile {
  return {
    name: trace.name,
    notes: trace.notes,
    requests: trace.count,
    inputTokens: sum(trace.inputLength),
    outputTokens: sum(trace.outputLength),
    arrivals: arrivalProfile(trace),
    inputLength: distribution(trace.inputLength),
    outputLength: distribution(trace.outputLength),
    sessions: sessionProfile(trace),
    sharing: sharingProfile(trace.blocks === null ? trace : inArrivalOrder(trace)),
  };
}

function arrivalProfile(trace: Trace): ArrivalProfile | null {
  const { sessions } = trace;
  const arrivalMs = trace.arrivalMs
    .filter((at, request) => Number.isFinite(at) && (sessions === null || sessions.turnOf[request] === 0))
    .toSorted();
  if (arrivalMs.length < 2) return null;
  const durationSeconds = arrivalMs.at(-1)! / 1000;
  if (durationSeconds === 0) return null;
  const gaps = arrivalMs.subarray(1).map((at, index) => at - arrivalMs[index]!);
  const gap = distribution(gaps);
  const perMinute = durationSeconds < 60 ? new Int32Array(0) : arrivalsPerWindow(arrivalMs, 60_000);
  return {
    durationSeconds,
    requestsPerSecond: arrivalMs.length / durationSeconds,
    inputTokensPerSecond: sum(trace.inputLength) / durationSeconds,
    outputTokensPerSecond: sum(trace.outputLength) / durationSeconds,
    dispersion: [1, 10, 60]
      .filter((windowSeconds) => durationSeconds >= 10 * windowSeconds)
      .map((windowSeconds) => ({
        windowSeconds,
        index: indexOfDispersion(arrivalMs, windowSeconds * 1000),
      })),
    gapVariation: gap.std / gap.mean,
    peakRequestsPerSecond: perMinute.length === 0 ? null : perMinute.reduce((a, b) => Math.max(a, b)) / 60,
    perMinute: [...perMinute],
  };
}

function sessionProfile({ sessions }: Trace): SessionProfile | null {
  if (sessions === null) return null;
  const turns = new Int32Array(sessions.names.length);
  for (const session of sessions.sessionOf) turns[session]! += 1;
  const think = sessions.delayMs.filter((_, request) => sessions.turnOf[request]! > 0);
  return {
    count: sessions.names.length,
    turns: distribution(turns),
    thinkMs: think.length === 0 ? null : distribution(think),
  };
}

function sharingProfile(trace: Trace): SharingProfile | null {
  const { blocks } = trace;
  if (blocks === null) return null;
  const depths = sharingDepths(trace);
  const curve = hitRateCurve(blocks);
  let wholeBlocks = 0;
  for (const tokens of trace.inputLength) wholeBlocks += Math.floor(tokens / blocks.blockSize);
  return {
    blockSize: blocks.blockSize,
    blocks: blocks.ids.length,
    distinctBlocks: blocks.distinct,
    depth: distribution(depths),
    sharingPrompts: depths.filter((depth) => depth > 0).length / trace.count,
    infiniteHitRate: curve.infiniteHits / curve.lookups,
    // Recorded ids may repeat a partial block all the same.
    infiniteHitRateWholeBlocks: wholeBlocks === 0 ? null : Math.min(1, curve.infiniteHits / wholeBlocks),
    lru: curveSizes(curve.saturatedAt).map((size) => ({
      blocks: size,
      tokens: size * blocks.blockSize,
      hitRate: curve.hits(size) / curve.lookups,
    })),
    saturatedAtBlocks: curve.saturatedAt,
  };
}

/** Powers of two up to the size that has all hits. */
function curveSizes(saturatedAt: number): number[] {
  const sizes: number[] = [];
  for (let size = 64; size < saturatedAt; size *= 2) sizes.push(size);
  return saturatedAt > 0 ? [...sizes, saturatedAt] : sizes;
}

/** The same requests, each where it comes. */
function inArrivalOrder(trace: Trace): Trace {
  const times = knownTimes(trace);
  const rising = times.every((at, request) => request === 0 || at >= times[request - 1]!);
  return rising ? trace : selectRequests(trace, risingOrder(times));
}

function sum(values: Int32Array | Float64Array): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

/** Mean, spread and nearest-rank quantiles. */
export function distribution(values: Int32Array | Float64Array): Distribution {
  const sorted = values.toSorted();
  const mean = sum(values) / values.length;
  let squares = 0;
  for (const value of values) squares += (value - mean) ** 2;
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))]!;
  return {
    mean,
    std: Math.sqrt(squares / values.length),
    min: at(0),
    p25: at(0.25),
    p50: at(0.5),
    p75: at(0.75),
    p90: at(0.9),
    p95: at(0.95),
    p99: at(0.99),
    max: at(1),
  };
}
