import type { RunPageData } from "../page-data.ts";
import { lastAt } from "./curve-values.ts";
import { figure, milliseconds, percent } from "./format.ts";
import { reasonWords } from "./reason-words.ts";
import { target } from "./run-series.ts";
import type { PoolName } from "./run-series.ts";

/** A change of a pool's replicas, as the result lists it. */
export type ScalingEvent = RunPageData["scaling_events"][number];

/** Place of the tick nearest to a moment; −1 without ticks. */
export function nearestTick(run: RunPageData, seconds: number): number {
  const times = run.planner?.ticks.t_s ?? [];
  const before = lastAt(times, seconds);
  const after = before + 1;
  if (before < 0 || after === times.length) return Math.min(after, times.length - 1);
  return times[after]! - seconds < seconds - times[before]! ? after : before;
}

/** A number of the tick's record. */
export function recorded(run: RunPageData, tick: number, key: string): number | null {
  return run.planner?.ticks.numbers[key]?.[tick] ?? null;
}

/** A word of the tick's record. */
export function recordedText(run: RunPageData, tick: number, key: string): string | null {
  const place = run.planner?.ticks.texts[key]?.[tick] ?? -1;
  return place < 0 ? null : run.planner!.ticks.words[place]!;
}

/** "Scale up 2 → 3". */
export function eventTitle(event: ScalingEvent, pools: number): string {
  const pool = pools > 1 ? ` ${event.pool}` : "";
  return `${event.kind === "scale_up" ? "Scale up" : "Scale down"}${pool} ${event.from} → ${event.to}`;
}

/** What moved the planner, in a sentence; null when its record does not say. */
export function because(run: RunPageData, tick: number, event: ScalingEvent | null): string | null {
  if (tick < 0) return null;
  const reason =
    (event === null || event.pool === "agg" ? null : recordedText(run, tick, `load_decision_reason_${event.pool}`)) ??
    recordedText(run, tick, "load_decision_reason");
  const floor = recorded(run, tick, `throughput_lower_bound_${event?.pool === "prefill" ? "prefill" : "decode"}`);
  if (event !== null && event.kind === "scale_up") {
    const over = overTarget(run, tick, event.pool as PoolName);
    if (over.length > 0) return `Every engine's ${over.join(", and its ")}.`;
    if (floor !== null && floor >= event.to && floor > event.from) {
      return `The forecast needs at least ${floor} replicas.`;
    }
  }
  if (event !== null && event.kind === "scale_down") {
    const under = estimates(run, tick, event.pool as PoolName);
    if (under.length > 0) return `Even with one replica less every engine stays under the target: ${under.join(", ")}.`;
    if (floor !== null && floor === event.to) return `The floor of ${floor} set by the forecast is the least allowed.`;
  }
  if (event !== null && reason !== null && reason.startsWith("scale_")) {
    return event.kind === "scale_up"
      ? "The engines' queues or caches passed the policy's upper threshold."
      : "The engines' queues and caches fell below the policy's lower threshold.";
  }
  return reason === null ? null : `Load loop: ${reasonWords(reason)}.`;
}

function overTarget(run: RunPageData, tick: number, pool: PoolName): string[] {
  return latencies(run, tick, pool).flatMap(({ name, value, bound }) =>
    value > bound
      ? [`estimated ${name} is over the target, the worst at ${milliseconds(value)} > ${milliseconds(bound)}`]
      : [],
  );
}

function estimates(run: RunPageData, tick: number, pool: PoolName): string[] {
  return latencies(run, tick, pool).map(
    ({ name, value, bound }) => `estimated ${name} ${milliseconds(value)} of ${milliseconds(bound)}`,
  );
}

/** Latencies that decide about a pool: the first token's about prefill, gaps about decode. */
function latencies(run: RunPageData, tick: number, pool: PoolName) {
  return [
    { name: "TTFT", key: "ttft_ms", pools: ["agg", "prefill"] },
    { name: "ITL", key: "itl_ms", pools: ["agg", "decode"] },
  ].flatMap(({ name, key, pools }) => {
    const value = recorded(run, tick, `estimated_${key}`);
    const bound = target(run, key as "ttft_ms" | "itl_ms");
    return value === null || bound === null || !pools.includes(pool) ? [] : [{ name, value, bound }];
  });
}

/** Keys of numbers a policy of the user's own records; none for the Dynamo planner, whose numbers have charts. */
export function ownFigures(run: RunPageData): readonly string[] {
  const numbers = run.planner?.ticks.numbers ?? {};
  return "throughput_lower_bound_decode" in numbers ? [] : Object.keys(numbers);
}

/** What the planner saw and estimated at a tick: label and figure. */
export function facts(run: RunPageData, tick: number): readonly (readonly [string, string])[] {
  const rows: [string, string][] = [];
  const add = (label: string, key: string, write: (value: number) => string) => {
    const value = recorded(run, tick, key);
    if (value !== null) rows.push([label, write(value)]);
  };
  const bound = (metric: "ttft_ms" | "itl_ms") => {
    const limit = target(run, metric);
    return limit === null ? "" : ` (target ${milliseconds(limit)})`;
  };
  add("Estimated TTFT, worst engine", "estimated_ttft_ms", (value) => milliseconds(value) + bound("ttft_ms"));
  add("Estimated ITL, worst engine", "estimated_itl_ms", (value) => milliseconds(value) + bound("itl_ms"));
  add("Observed TTFT, last window", "observed_ttft_ms", milliseconds);
  add("Observed ITL, last window", "observed_itl_ms", milliseconds);
  add("Observed request rate", "observed_requests_per_second", (value) => `${figure(value)} /s`);
  add("Predicted request rate", "predicted_requests_per_second", (value) => `${figure(value)} /s`);
  add("Observed input length", "observed_input_sequence_tokens", (value) => `${figure(value)} tokens`);
  add("Predicted input length", "predicted_input_sequence_tokens", (value) => `${figure(value)} tokens`);
  add("Observed output length", "observed_output_sequence_tokens", (value) => `${figure(value)} tokens`);
  add("Predicted output length", "predicted_output_sequence_tokens", (value) => `${figure(value)} tokens`);
  add("Observed hit rate", "observed_kv_hit_rate", percent);
  if (run.mode === "disagg") {
    add("One prefill engine carries", "engine_rps_prefill", (value) => `${figure(value)} requests/s`);
    add("Prefill floor", "throughput_lower_bound_prefill", figure);
  }
  add("One engine carries", "engine_rps_decode", (value) => `${figure(value)} requests/s`);
  add(run.mode === "disagg" ? "Decode floor" : "Floor set by the forecast", "throughput_lower_bound_decode", figure);
  for (const key of ownFigures(run)) add(key.replaceAll("_", " "), key, figure);
  for (const [pool, counts] of Object.entries(run.planner?.ticks.pools ?? {})) {
    const parts = [`${counts.active[tick] ?? 0} ready`];
    if ((counts.starting[tick] ?? 0) > 0) parts.push(`${counts.starting[tick]} starting`);
    if ((counts.draining[tick] ?? 0) > 0) parts.push(`${counts.draining[tick]} draining`);
    const wanted = counts.target[tick] ?? null;
    rows.push([
      pool === "agg" ? "Replicas" : `Replicas, ${pool}`,
      `${parts.join(", ")}${wanted === null ? "" : `; asked for ${wanted}`}`,
    ]);
  }
  return rows;
}
