import { RequestStatus } from "../metrics/request-ledger.ts";
import { percentileRank } from "../metrics/percentile.ts";
import { quickselect } from "../metrics/quickselect.ts";
import type { SimulationOutcome } from "../simulation/outcome.ts";
import { meanContextTokens } from "./context-tokens.ts";
import type { LatencyColumns } from "./latency-columns.ts";
import { replicaSteps } from "./replica-steps.ts";
import type { RunResult } from "./schema.ts";
import { hasLeft, Met } from "./sla-attainment.ts";
import type { SlaBounds } from "./sla-attainment.ts";

type Timeline = RunResult["timeline"];
type Series = (number | null)[];

const MOST_BUCKETS = 720;
/** Buckets of the overview: few enough that each holds requests for a percentile to mean something. */
const MOST_OVERVIEW_BUCKETS = 180;
/** Widths people can read off an axis, seconds. */
const WIDTHS = [
  0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200,
  14_400, 43_200, 86_400,
];

/** Smallest readable width with at most `most` buckets over the span. */
export function bucketSeconds(spanSeconds: number, most: number = MOST_BUCKETS): number {
  for (const width of WIDTHS) if (spanSeconds / width < most) return width;
  return 86_400 * Math.ceil(spanSeconds / 86_400 / (most - 1));
}

/** The run over simulated time; latencies and attainment count in the bucket in which they could be observed. */
export function buildTimeline(
  outcome: SimulationOutcome,
  columns: LatencyColumns,
  sla: { readonly bounds: SlaBounds; readonly met: Uint8Array } | null,
): Timeline {
  const { ledger } = outcome;
  const spanNs = runSpanNs(outcome);
  const width = bucketSeconds(spanNs / 1e9);
  const widthNs = width * 1e9;
  const buckets = Math.floor(spanNs / widthNs) + 1;
  const zeros = () => Array.from({ length: buckets }, () => 0);
  const timeline = {
    arrivals: zeros(),
    input_tokens: zeros(),
    output_tokens: zeros(),
    completions: zeros(),
    failures: zeros(),
  };
  const reused = zeros();
  const reusable = zeros();
  countRequests(outcome, widthNs, timeline, reused, reusable);
  return {
    bucket_s: width,
    buckets,
    ...timeline,
    in_flight: meanPresent(ledger.arrivalNs, ledger.terminalNs, widthNs, buckets),
    queued: meanPresent(ledger.arrivalNs, leftQueueNs(ledger), widthNs, buckets),
    context_tokens: meanContextTokens(outcome, widthNs, buckets),
    ttft_ms: latencySeries(columns.ttft, ledger.firstTokenNs, widthNs, buckets),
    itl_ms: latencySeries(columns.tpot, ledger.lastTokenNs, widthNs, buckets),
    reused_ratio: reusable.map((tokens, bucket) => (tokens === 0 ? null : reused[bucket]! / tokens)),
    sla_attainment: sla === null ? null : attainmentSeries(outcome, sla, widthNs, buckets),
    gpu_hours: cumulativeGpuHours(outcome, widthNs, buckets),
    replicas: replicaSteps(outcome.workers),
    overview: overview(outcome, columns, spanNs),
  };
}

/** Counts the requests and tokens of each bucket. */
function countRequests(
  { ledger, trace }: SimulationOutcome,
  widthNs: number,
  timeline: Readonly<Record<"arrivals" | "input_tokens" | "output_tokens" | "completions" | "failures", number[]>>,
  reused: number[],
  reusable: number[],
): void {
  const { arrivals, input_tokens, output_tokens, completions, failures } = timeline;
  for (let i = 0; i < ledger.count; i++) {
    const arrival = ledger.arrivalNs[i]!;
    if (!(arrival >= 0)) continue;
    const offered = Math.floor(arrival / widthNs);
    arrivals[offered]!++;
    input_tokens[offered]! += trace.inputLength[i]!;
    output_tokens[offered]! += trace.outputLength[i]!;
    const status = ledger.status[i]!;
    if (!hasLeft(status)) continue;
    const left = Math.floor(ledger.terminalNs[i]! / widthNs);
    if (status === RequestStatus.completed) {
      completions[left]!++;
      reused[left]! += ledger.reusedTokens[i]!;
      reusable[left]! += trace.inputLength[i]!;
    } else {
      failures[left]!++;
    }
  }
}

/** Latencies once more in wider buckets: percentiles of narrow ones cannot be joined exactly. */
function overview({ ledger }: SimulationOutcome, columns: LatencyColumns, spanNs: number): Timeline["overview"] {
  const width = bucketSeconds(spanNs / 1e9, MOST_OVERVIEW_BUCKETS);
  const widthNs = width * 1e9;
  const buckets = Math.floor(spanNs / widthNs) + 1;
  return {
    bucket_s: width,
    buckets,
    ttft_ms: latencySeries(columns.ttft, ledger.firstTokenNs, widthNs, buckets),
    itl_ms: latencySeries(columns.tpot, ledger.lastTokenNs, widthNs, buckets),
  };
}

/** From 0 to the last thing that happened, ns. */
function runSpanNs({ durationNs, workers, ledger }: SimulationOutcome): number {
  let span = durationNs;
  for (const worker of workers) if (worker.goneNs > span) span = worker.goneNs;
  for (let i = 0; i < ledger.count; i++) {
    if (ledger.arrivalNs[i]! > span) span = ledger.arrivalNs[i]!;
    if (ledger.terminalNs[i]! > span) span = ledger.terminalNs[i]!;
  }
  return span;
}

/** Mean over each bucket's time of how many requests have begun and not ended. */
function meanPresent(beginNs: Float64Array, endNs: Float64Array, widthNs: number, buckets: number): number[] {
  // Each begin adds the rest of its bucket there and a whole bucket ever after; each end takes the same away.
  const within = new Float64Array(buckets);
  const after = new Float64Array(buckets + 1);
  addChanges(beginNs, 1, widthNs, within, after);
  addChanges(endNs, -1, widthNs, within, after);
  const means: number[] = [];
  let before = 0;
  for (let bucket = 0; bucket < buckets; bucket++) {
    before += after[bucket]!;
    means.push(roundSmall(before + within[bucket]!));
  }
  return means;
}

function addChanges(
  timeNs: Float64Array,
  by: number,
  widthNs: number,
  within: Float64Array,
  after: Float64Array,
): void {
  for (let i = 0; i < timeNs.length; i++) {
    const place = timeNs[i]! / widthNs;
    if (!(place >= 0)) continue;
    const bucket = Math.floor(place);
    within[bucket]! += by * (bucket + 1 - place);
    after[bucket + 1]! += by;
  }
}

/** When each request was admitted, or left without it. */
function leftQueueNs({ admitNs, terminalNs }: SimulationOutcome["ledger"]): Float64Array {
  const left = terminalNs.slice();
  for (let i = 0; i < left.length; i++) if (admitNs[i]! >= 0) left[i] = admitNs[i]!;
  return left;
}

/** Cuts the noise of summing fractions; millionths are more than a chart can show. */
function roundSmall(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}

/** Mean and percentiles of the values whose time falls into each bucket. */
function latencySeries(column: Float64Array, timeNs: Float64Array, widthNs: number, buckets: number) {
  const ends = new Uint32Array(buckets + 1);
  for (let i = 0; i < column.length; i++) {
    if (column[i]! >= 0) ends[Math.floor(timeNs[i]! / widthNs) + 1]!++;
  }
  for (let bucket = 0; bucket < buckets; bucket++) ends[bucket + 1]! += ends[bucket]!;
  const grouped = new Float64Array(ends[buckets]!);
  const next = ends.slice(0, buckets);
  for (let i = 0; i < column.length; i++) {
    if (column[i]! >= 0) grouped[next[Math.floor(timeNs[i]! / widthNs)]!++] = column[i]!;
  }
  const series: Record<"mean" | "p50" | "p90" | "p99", Series> = { mean: [], p50: [], p90: [], p99: [] };
  for (let bucket = 0; bucket < buckets; bucket++) {
    const from = ends[bucket]!;
    const to = ends[bucket + 1]!;
    if (from === to) {
      for (const values of Object.values(series)) values.push(null);
      continue;
    }
    let sum = 0;
    for (let i = from; i < to; i++) sum += grouped[i]!;
    series.mean.push(sum / (to - from));
    let settled = from;
    for (const [name, percentile] of [
      ["p50", 50],
      ["p90", 90],
      ["p99", 99],
    ] as const) {
      const rank = percentileRank(to - from, percentile);
      series[name].push(quickselect(grouped, settled, to, from + rank - settled));
      settled = from + rank;
    }
  }
  return series;
}

function attainmentSeries(
  { ledger }: SimulationOutcome,
  { bounds, met }: { readonly bounds: SlaBounds; readonly met: Uint8Array },
  widthNs: number,
  buckets: number,
): NonNullable<Timeline["sla_attainment"]> {
  const left = new Uint32Array(buckets);
  const counts = { ttft: left.slice(), itl: left.slice(), e2e: left.slice(), all: left.slice() };
  countMet(ledger, met, widthNs, left, counts);
  return {
    ttft: bounds.ttftMs === null ? null : shares(counts.ttft, left),
    itl: bounds.itlMs === null ? null : shares(counts.itl, left),
    e2e: bounds.e2eMs === null ? null : shares(counts.e2e, left),
    all: shares(counts.all, left),
  };
}

/** How many requests left in each bucket, and how many of them met each bound. */
function countMet(
  { count, status, terminalNs }: SimulationOutcome["ledger"],
  met: Uint8Array,
  widthNs: number,
  left: Uint32Array,
  { ttft, itl, e2e, all }: Readonly<Record<"ttft" | "itl" | "e2e" | "all", Uint32Array>>,
): void {
  for (let i = 0; i < count; i++) {
    if (!hasLeft(status[i]!)) continue;
    const bucket = Math.floor(terminalNs[i]! / widthNs);
    left[bucket]!++;
    const bits = met[i]!;
    if (bits & Met.ttft) ttft[bucket]!++;
    if (bits & Met.itl) itl[bucket]!++;
    if (bits & Met.e2e) e2e[bucket]!++;
    if (bits & Met.all) all[bucket]!++;
  }
}

function shares(counts: Uint32Array, of: Uint32Array): Series {
  const series: Series = [];
  for (let i = 0; i < counts.length; i++) series.push(of[i] === 0 ? null : counts[i]! / of[i]!);
  return series;
}

function cumulativeGpuHours({ workers }: SimulationOutcome, widthNs: number, buckets: number): number[] {
  const hours: number[] = [];
  for (let bucket = 0; bucket < buckets; bucket++) {
    const endNs = (bucket + 1) * widthNs;
    let gpuNs = 0;
    for (const { createdNs, goneNs, gpus } of workers) gpuNs += Math.max(0, Math.min(goneNs, endNs) - createdNs) * gpus;
    hours.push(gpuNs / 1e9 / 3600);
  }
  return hours;
}
