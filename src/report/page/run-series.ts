import type { ComparedRun, RunPageData } from "../page-data.ts";
import type { Curve } from "./chart-spec.ts";
import type { ColorRole } from "./theme.ts";

/** The one pool of an aggregated run, or one of the two of a disaggregated run. */
export type PoolName = "agg" | "prefill" | "decode";

/** What pools are called on the page. */
export const poolWords: Readonly<Record<PoolName, string>> = { agg: "Worker", prefill: "Prefill", decode: "Decode" };

/** Colour of a pool, the same in every chart. */
export const poolColors: Readonly<Record<PoolName, ColorRole>> = { agg: "blue", prefill: "orange", decode: "blue" };

/** Pools of a run, prefill first. */
export function poolsOf(run: RunPageData | ComparedRun): PoolName[] {
  return (["prefill", "agg", "decode"] as const).filter((name) => run.timeline.replicas[name] !== undefined);
}

/** Length of the run, seconds: to the last thing that happened. */
export function runEnd(run: RunPageData | ComparedRun): number {
  const { bucket_s, buckets, replicas } = run.timeline;
  const lastStep = Object.values(replicas).reduce((last, steps) => Math.max(last, steps.t_s.at(-1) ?? 0), 0);
  return Math.max(run.duration_ms / 1000, lastStep, bucket_s * (buckets - 1));
}

const middles = new WeakMap<object, number[]>();

/** The middle of every time bucket: where a value that covers the bucket is drawn. */
export function bucketMiddles(timeline: { readonly bucket_s: number; readonly buckets: number }): number[] {
  let column = middles.get(timeline);
  if (column === undefined) {
    column = Array.from({ length: timeline.buckets }, (_, k) => (k + 0.5) * timeline.bucket_s);
    middles.set(timeline, column);
  }
  return column;
}

/** A curve over the time buckets. */
export function bucketCurve(
  timeline: RunPageData["timeline"],
  y: readonly (number | null)[],
  curve: Omit<Curve, "x" | "y">,
): Curve {
  return { ...curve, x: bucketMiddles(timeline), y };
}

/** Counts a bucket as a rate a second, over buckets wide enough to be read: at most 240. */
export function rateCurve(
  timeline: RunPageData["timeline"],
  counts: readonly number[],
  curve: Omit<Curve, "x" | "y">,
  endSeconds: number,
): Curve {
  const merged = Math.max(1, Math.ceil(timeline.buckets / 240));
  const x: number[] = [];
  const y: number[] = [];
  for (let from = 0; from < timeline.buckets; from += merged) {
    const start = from * timeline.bucket_s;
    const end = Math.min((from + merged) * timeline.bucket_s, Math.max(endSeconds, start + timeline.bucket_s / 2));
    let sum = 0;
    for (const value of counts.slice(from, from + merged)) sum += value;
    x.push((start + end) / 2);
    y.push(sum / (end - start));
  }
  return { ...curve, x, y };
}

/** Shares of a bucket as shares of at most 240 wider ones: Σ part / Σ whole, exact but for the drawing's digits. */
export function shareCurve(
  timeline: RunPageData["timeline"],
  shares: readonly (number | null)[],
  wholes: readonly number[],
  curve: Omit<Curve, "x" | "y">,
): Curve {
  const merged = Math.max(1, Math.ceil(timeline.buckets / 240));
  const x: number[] = [];
  const y: (number | null)[] = [];
  for (let from = 0; from < timeline.buckets; from += merged) {
    const end = Math.min(from + merged, timeline.buckets);
    let part = 0;
    let whole = 0;
    for (let k = from; k < end; k++) {
      part += (shares[k] ?? 0) * wholes[k]!;
      whole += wholes[k]!;
    }
    x.push(((from + end) / 2) * timeline.bucket_s);
    y.push(whole === 0 ? null : Math.min(1, part / whole));
  }
  return { ...curve, x, y };
}

/** Requests that left the system in each bucket. */
export function departures(timeline: RunPageData["timeline"]): number[] {
  return timeline.completions.map((done, k) => done + timeline.failures[k]!);
}

/** A number of the planner's record at its ticks. */
export function tickCurve(run: RunPageData, key: string, curve: Omit<Curve, "x" | "y">): Curve {
  const ticks = run.planner?.ticks;
  return { ...curve, x: ticks?.t_s ?? [], y: ticks?.numbers[key] ?? [] };
}

/** A number of the planner's record where it has one, held until the next. */
export function heldCurve(run: RunPageData, key: string, curve: Omit<Curve, "x" | "y" | "kind">): Curve {
  const ticks = run.planner?.ticks;
  const column = ticks?.numbers[key] ?? [];
  const places = column.flatMap((value, place) => (value === null ? [] : [place]));
  const x = places.map((place) => ticks!.t_s[place]!);
  const y: (number | null)[] = places.map((place) => column[place]!);
  if (x.length > 0) {
    x.push(runEnd(run));
    y.push(y.at(-1)!);
  }
  return { ...curve, kind: "step", x, y };
}

/** A flat line over the whole run. */
export function levelCurve(run: RunPageData | ComparedRun, level: number, curve: Omit<Curve, "x" | "y">): Curve {
  return { dash: [6, 4], width: 1.25, ...curve, x: [0, runEnd(run)], y: [level, level] };
}

/** The number a setting resolved to; null when it is not one. */
export function setting(run: RunPageData | ComparedRun, ...keys: readonly string[]): number | null {
  for (const key of keys) {
    const value = run.config[key]?.value;
    if (typeof value === "number") return value;
  }
  return null;
}

/** The planner's latency target, else the run's bound, ms. */
export function target(run: RunPageData, metric: "ttft_ms" | "itl_ms"): number | null {
  return setting(run, `planner.${metric}`) ?? run.sla?.[metric] ?? null;
}

/** Why charts of the planner's view are empty in a run without one. */
export function noTicks(run: RunPageData): string | null {
  if (run.planner === null) return "No planner ran: pools kept their size, and nothing was sampled at ticks.";
  return run.planner.ticks.t_s.length === 0 ? "The run ended before the planner's first tick." : null;
}

/** Why the load of single engines is not known; null when it is. */
export function noSamples(run: RunPageData): string | null {
  if (run.load !== null && run.load.t_s.length > 0) return null;
  if (run.planner === null && run.num_requests > 0) {
    return "The result holds no load of its engines; versions that sampled no disaggregated run wrote it.";
  }
  return noTicks(run) ?? "Nothing was sampled.";
}
