import type { RunPageData } from "../page-data.ts";
import type { ChartSpec, Curve } from "./chart-spec.ts";
import { hasValues } from "./chart-spec.ts";
import { milliseconds, percent, shareTick, tick } from "./format.ts";
import { bucketMiddles, departures, levelCurve, noTicks, shareCurve, target, tickCurve } from "./run-series.ts";
import type { ColorRole } from "./theme.ts";

type Metric = "ttft_ms" | "itl_ms";
const names: Readonly<Record<Metric, string>> = { ttft_ms: "TTFT", itl_ms: "ITL" };
const colors: Readonly<Record<Metric, ColorRole>> = { ttft_ms: "blue", itl_ms: "orange" };

/** Latencies observed and estimated, and how far they kept the SLA. */
export function latencyCharts(run: RunPageData): ChartSpec[] {
  return [
    attainment(run),
    observed(run, "ttft_ms"),
    observed(run, "itl_ms"),
    estimated(run, "ttft_ms"),
    estimated(run, "itl_ms"),
  ];
}

function attainment(run: RunPageData): ChartSpec {
  const series = run.timeline.sla_attainment;
  const curves: Curve[] = [];
  if (series !== null) {
    const left = departures(run.timeline);
    const add = (
      label: string,
      shares: readonly (number | null)[] | null,
      rest: Pick<Curve, "color" | "width" | "fill">,
    ) => {
      if (shares !== null) curves.push(shareCurve(run.timeline, shares, left, { label, ...rest }));
    };
    add("all bounds", series.all, { color: "ink", width: 1.75, fill: 0.06 });
    add("TTFT", series.ttft, { color: "blue" });
    add("ITL", series.itl, { color: "orange" });
    add("latency", series.e2e, { color: "green" });
  }
  return {
    id: "attainment",
    title: "SLA attainment",
    unit: "",
    note: "Share of the requests that left the system at the time and met each bound; failed ones met none.",
    curves,
    top: 1,
    format: percent,
    axisFormat: shareTick,
    empty: series === null ? "No SLA was given: neither --sla- bounds nor a planner with latency targets." : null,
  };
}

function observed(run: RunPageData, metric: Metric): ChartSpec {
  const { timeline } = run;
  const role = colors[metric];
  const bound = run.sla?.[metric] ?? null;
  const level = bound === null ? [] : [levelCurve(run, bound, { label: "SLA", color: "red" })];
  const curves = percentileCurves(timeline[metric], bucketMiddles(timeline), role);
  // Results of the first days have no overview.
  const wide = timeline.overview ?? timeline;
  const filled = hasValues(curves);
  return {
    id: metric === "ttft_ms" ? "ttft" : "itl",
    title: `${names[metric]} observed`,
    unit: "ms, log",
    note:
      metric === "ttft_ms"
        ? "Of the first tokens emitted at the time: median, shaded up to p90 and p99. Zoom in for shorter intervals."
        : "Mean gap of each request completed at the time: median, shaded up to p90 and p99. Zoom in for shorter intervals.",
    curves: [...curves, ...level],
    overview: [...percentileCurves(wide[metric], bucketMiddles(wide), role), ...level],
    bands: [
      { upper: "p99", lower: "p90", color: role, opacity: 0.12 },
      { upper: "p90", lower: "p50", color: role, opacity: 0.28 },
    ],
    log: true,
    height: 170,
    format: milliseconds,
    axisFormat: tick,
    empty: filled ? null : metric === "ttft_ms" ? "No request got a first token." : "No request got a second token.",
  };
}

function percentileCurves(
  series: RunPageData["timeline"]["ttft_ms"],
  x: readonly number[],
  role: ColorRole,
): readonly Curve[] {
  return [
    { label: "p99", color: role, width: 0.75, opacity: 0.5, x, y: series.p99 },
    { label: "p90", color: role, width: 0.75, opacity: 0.8, x, y: series.p90 },
    { label: "p50", color: role, width: 1.75, x, y: series.p50 },
    { label: "mean", color: "ink", width: 1, dash: [2, 2], opacity: 0.8, x, y: series.mean },
  ];
}

function estimated(run: RunPageData, metric: Metric): ChartSpec {
  const curves = [tickCurve(run, `estimated_${metric}`, { label: "worst engine", color: colors[metric], width: 1.75 })];
  const filled = hasValues(curves);
  const bound = target(run, metric);
  if (bound !== null) curves.push(levelCurve(run, bound, { label: "target", color: "red" }));
  return {
    id: metric === "ttft_ms" ? "estimated-ttft" : "estimated-itl",
    title: `${names[metric]} estimated`,
    unit: "ms, log",
    note: "What the planner expected of its slowest engine at each tick. It decides on this, not on what users saw. Less than a thousandth of the largest is off the scale.",
    curves,
    log: true,
    decades: 3,
    height: 120,
    format: milliseconds,
    axisFormat: tick,
    empty: filled ? null : (noTicks(run) ?? estimateReason(run)),
  };
}

function estimateReason(run: RunPageData): string {
  const goal = run.config["planner.optimization_target"]?.value;
  if (typeof goal === "string" && goal !== "sla") {
    return `The planner's target “${goal}” looks at queues and caches; it estimates no latencies.`;
  }
  return "The planner never had passes enough to estimate it.";
}
