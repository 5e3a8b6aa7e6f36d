import type { RunPageData } from "../page-data.ts";
import type { ChartSpec, Curve } from "./chart-spec.ts";
import { hasValues } from "./chart-spec.ts";
import { lastAt } from "./curve-values.ts";
import { figure } from "./format.ts";
import { bucketCurve, heldCurve, noTicks, poolColors, poolsOf, poolWords, rateCurve, runEnd } from "./run-series.ts";
import type { PoolName } from "./run-series.ts";

/** Replicas, what they can carry, and what they cost. */
export function capacityCharts(run: RunPageData, onClick: (seconds: number) => void): ChartSpec[] {
  return [...poolsOf(run).map((pool) => replicas(run, pool, onClick)), capacity(run), gpuHours(run)];
}

function replicas(run: RunPageData, pool: PoolName, onClick: (seconds: number) => void): ChartSpec {
  const steps = run.timeline.replicas[pool]!;
  const x = [...steps.t_s, runEnd(run)];
  const counted = (column: readonly number[]): number[] => [...column, column.at(-1)!];
  const curves: Curve[] = [
    { label: "ready", color: poolColors[pool], kind: "step", width: 2, fill: 0.14, x, y: counted(steps.active) },
  ];
  if (steps.starting.some((count) => count > 0)) {
    curves.push({ label: "starting", color: "purple", kind: "step", fill: 0.1, x, y: counted(steps.starting) });
  }
  if (steps.draining.some((count) => count > 0)) {
    curves.push({ label: "draining", color: "grey", kind: "step", x, y: counted(steps.draining) });
  }
  const ticks = run.planner?.ticks;
  const targets = ticks?.pools[pool]?.target ?? [];
  const ready = ticks?.pools[pool]?.active ?? [];
  const asked = targets.flatMap((count, place) => (count === null || count === ready[place] ? [] : [place]));
  if (asked.length > 0) {
    const at = asked.map((place) => ticks!.t_s[place]!);
    curves.push({ label: "recommended", color: "ink", kind: "points", x: at, y: asked.map((k) => targets[k]!) });
  }
  const floorKey = `throughput_lower_bound_${pool === "prefill" ? "prefill" : "decode"}`;
  const floor = heldCurve(run, floorKey, { label: "forecast floor", color: "red", dash: [4, 3], width: 1.25 });
  if (floor.y.some((value) => value !== null && value > 1)) curves.push(floor);
  return {
    id: `replicas-${pool}`,
    title: pool === "agg" ? "Replicas" : `${poolWords[pool]} replicas`,
    unit: "",
    note:
      run.planner === null
        ? "Workers that take requests. The pool keeps its size without a planner."
        : "Workers that take requests, those still starting and those finishing their last ones. Click for the tick.",
    curves,
    height: 130,
    whole: true,
    empty: null,
    ...(run.planner === null ? {} : { onClick }),
  };
}

function capacity(run: RunPageData): ChartSpec {
  const curves: Curve[] = [
    rateCurve(run.timeline, run.timeline.arrivals, { label: "offered", color: "ink", width: 1.25 }, runEnd(run)),
  ];
  for (const pool of poolsOf(run)) {
    const perEngine = heldCurve(run, `engine_rps_${pool === "prefill" ? "prefill" : "decode"}`, {
      label: pool === "agg" ? "capacity of ready replicas" : `capacity, ${pool}`,
      color: poolColors[pool],
      fill: 0.1,
    });
    const steps = run.timeline.replicas[pool]!;
    // Capacity changes with the estimate and with the number of engines.
    const x = [...new Set([...perEngine.x, ...steps.t_s])].filter((at) => at >= (perEngine.x[0] ?? Infinity));
    x.sort((a, b) => a - b);
    const y = x.map((at) => {
      const engine = perEngine.y[lastAt(perEngine.x, at)];
      return engine === null || engine === undefined ? null : engine * (steps.active[lastAt(steps.t_s, at)] ?? 0);
    });
    curves.push({ ...perEngine, x, y });
  }
  return {
    id: "capacity",
    title: "Capacity and demand",
    unit: "requests/s",
    note: "What the planner believes its ready engines carry within the SLA, against what was offered. Over four times the largest demand it runs off the chart.",
    curves,
    ceiling: 4 * Math.max(...curves[0]!.y.map((rate) => rate ?? 0)),
    empty: noTicks(run) ?? (hasValues(curves.slice(1)) ? null : capacityReason(run)),
  };
}

function capacityReason(run: RunPageData): string {
  const { texts, words } = run.planner!.ticks;
  const reasons = (texts["throughput_decision_reason"] ?? [])
    .filter((place) => place >= 0)
    .map((place) => words[place]);
  if (reasons.length === 0) {
    return "The planner never estimated what an engine carries: throughput scaling is off, or the run ended before its first interval.";
  }
  return `The planner never estimated what an engine carries; its throughput loop said “${reasons.at(-1)}” each time.`;
}

function gpuHours(run: RunPageData): ChartSpec {
  const { timeline } = run;
  const end = runEnd(run);
  return {
    id: "gpu-hours",
    title: "GPU-hours spent",
    unit: "GPU·h",
    note: `Cumulative, starting and draining workers included. In all ${figure(run.gpu_hours)}.`,
    curves: [
      {
        ...bucketCurve(timeline, [0, ...timeline.gpu_hours], { label: "GPU-hours", color: "green", fill: 0.1 }),
        x: [0, ...timeline.gpu_hours.map((_, k) => Math.min((k + 1) * timeline.bucket_s, end))],
      },
    ],
    height: 100,
    empty: null,
  };
}
