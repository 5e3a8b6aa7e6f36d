import type { ComparedRun } from "../page-data.ts";
import type { ChartSpec, Curve } from "./chart-spec.ts";
import { hasValues } from "./chart-spec.ts";
import { lastAt } from "./curve-values.ts";
import { milliseconds, percent, shareTick, tick } from "./format.ts";
import { bucketCurve, bucketMiddles, departures, poolsOf, rateCurve, runEnd, shareCurve } from "./run-series.ts";
import type { ColorRole } from "./theme.ts";

/** Colours of the runs, in order; dashes tell them apart where colours cannot. */
export const runColors: readonly ColorRole[] = ["blue", "orange", "green", "purple", "red", "sky", "grey", "yellow"];
const dashes: readonly (readonly number[] | null)[] = [null, [7, 3], [2, 2], [9, 3, 2, 3]];

type Style = Pick<Curve, "label" | "color" | "width"> & { readonly dash?: readonly number[] };

function styleOf(run: ComparedRun, place: number): Style {
  const dash = dashes[place % dashes.length];
  return {
    label: run.label,
    color: runColors[place % runColors.length]!,
    width: 1.75,
    ...(dash === null || dash === undefined ? {} : { dash }),
  };
}

/** The runs over time, a curve each. */
export function compareCharts(runs: readonly ComparedRun[]): ChartSpec[] {
  const attainment = overlay(
    runs,
    {
      id: "attainment",
      title: "SLA attainment",
      unit: "",
      note: "Share of the requests that left the system at the time and met all bounds of their run.",
      top: 1,
      format: percent,
      axisFormat: shareTick,
    },
    ({ timeline }, style) =>
      timeline.sla_attainment === null
        ? null
        : shareCurve(timeline, timeline.sla_attainment.all, departures(timeline), style),
    "None of the runs has an SLA.",
  );
  return [attainment, ...costCharts(runs), ...latencyCharts(runs), ...loadCharts(runs)];
}

/** @param empty says why when no run has a value */
function overlay(
  runs: readonly ComparedRun[],
  spec: Omit<ChartSpec, "curves" | "empty">,
  curve: (run: ComparedRun, style: Style) => Curve | null,
  empty: string,
): ChartSpec {
  const curves = runs.flatMap((run, place) => curve(run, styleOf(run, place)) ?? []);
  return { ...spec, curves, empty: hasValues(curves) ? null : empty };
}

function costCharts(runs: readonly ComparedRun[]): ChartSpec[] {
  const gpusNote = "GPUs of all workers: starting, ready and draining.";
  const gpus = { id: "gpus", title: "GPUs in use", unit: "", note: gpusNote, whole: true };
  const hours = { id: "gpu-hours", title: "GPU-hours spent", unit: "GPU·h", note: "Cumulative." };
  const empty = "No worker ever existed.";
  return [
    overlay(runs, gpus, gpuCurve, empty),
    overlay(runs, hours, ({ timeline }, style) => bucketCurve(timeline, timeline.gpu_hours, style), empty),
  ];
}

function latencyCharts(runs: readonly ComparedRun[]): ChartSpec[] {
  const times = { unit: "ms, log", log: true, format: milliseconds, axisFormat: tick };
  const ttft = { id: "ttft", title: "TTFT, p90", note: "Of the first tokens emitted at the time.", ...times };
  const itl = { id: "itl", title: "ITL, p90", note: "Mean gap of each request completed at the time.", ...times };
  const p90 = (metric: "ttft_ms" | "itl_ms") => (run: ComparedRun, style: Style) =>
    wideCurve(run.timeline, metric, style);
  return [
    overlay(runs, ttft, p90("ttft_ms"), "No request got a first token."),
    overlay(runs, itl, p90("itl_ms"), "No request got a second token."),
  ];
}

function loadCharts(runs: readonly ComparedRun[]): ChartSpec[] {
  const waitingNote = "Offered and not yet admitted by an engine.";
  const waiting = { id: "waiting", title: "Requests waiting", unit: "", note: waitingNote };
  const completedNote = "By the time of their last token.";
  const completed = { id: "completed", title: "Completed requests", unit: "requests/s", note: completedNote };
  return [
    overlay(
      runs,
      waiting,
      ({ timeline }, style) => bucketCurve(timeline, timeline.queued, style),
      "No request was offered.",
    ),
    overlay(
      runs,
      completed,
      (run, style) => rateCurve(run.timeline, run.timeline.completions, style, runEnd(run)),
      "No request completed.",
    ),
  ];
}

/** The 90th percentile in the widest buckets there are. */
function wideCurve(timeline: ComparedRun["timeline"], metric: "ttft_ms" | "itl_ms", style: Style): Curve {
  const wide = timeline.overview ?? timeline;
  return { ...style, x: bucketMiddles(wide), y: wide[metric].p90 };
}

/** GPUs of all pools as steps. */
function gpuCurve(run: ComparedRun, style: Style): Curve {
  const pools = poolsOf(run).map((pool) => ({
    steps: run.timeline.replicas[pool]!,
    gpus: pool === "prefill" ? run.prefill_gpus_per_worker : run.decode_gpus_per_worker,
  }));
  const x = [...new Set(pools.flatMap(({ steps }) => steps.t_s))].toSorted((a, b) => a - b);
  const y = x.map((at) => {
    let sum = 0;
    for (const { steps, gpus } of pools) {
      const k = lastAt(steps.t_s, at);
      if (k >= 0) sum += (steps.active[k]! + steps.starting[k]! + steps.draining[k]!) * gpus;
    }
    return sum;
  });
  return { ...style, kind: "step", x: [...x, runEnd(run)], y: [...y, y.at(-1) ?? 0] };
}

/** Distributions of the runs over each other. */
export function compareDistributions(runs: readonly ComparedRun[]): ChartSpec[] {
  const metrics = [
    ["ttft_ms", "TTFT"],
    ["aiperf_itl_ms", "ITL, mean of each request"],
    ["itl_ms", "ITL, every gap"],
    ["e2e_latency_ms", "Latency"],
  ] as const;
  return metrics.map(([key, title]) => {
    const curves = runs.flatMap((run, place): Curve[] => {
      const values = run.distributions[key];
      const kept = values.flatMap((value, k) => (value > 0 && value !== values[k + 1] ? [k] : []));
      if (kept.length === 0) return [];
      const x = kept.map((k) => values[k]!);
      return [{ ...styleOf(run, place), kind: "step", x, y: kept.map((k) => run.distributions.quantiles[k]!) }];
    });
    return {
      id: `distribution-${key}`,
      title,
      unit: "share",
      note: "How many took at most so long; further left is faster.",
      curves,
      top: 1,
      height: 220,
      format: percent,
      axisFormat: shareTick,
      empty: curves.length === 0 ? "No request completed." : null,
      value: { label: "ms, logarithmic", log: true, format: milliseconds, axisFormat: tick },
      describe: (_, x) => `at ${milliseconds(x)}`,
    };
  });
}
