import type { RunPageData } from "../page-data.ts";
import type { ChartSpec, Lane, Span } from "./chart-spec.ts";
import { hasValues } from "./chart-spec.ts";
import { ownFigures } from "./explanation.ts";
import { noTicks, runEnd, tickCurve } from "./run-series.ts";
import type { ColorRole } from "./theme.ts";
import { reasonWords } from "./reason-words.ts";

/** Colours of the numbers a policy of the user's own records. */
const figureColors: readonly ColorRole[] = ["blue", "orange", "green", "purple", "red", "sky", "ink", "grey"];

/** What a policy of the user's own recorded at its ticks; null when it is not one, or recorded no numbers. */
export function policyChart(run: RunPageData, onClick: (seconds: number) => void): ChartSpec | null {
  const keys = ownFigures(run).slice(0, figureColors.length);
  if (keys.length === 0) return null;
  const curves = keys.map((key, place) =>
    tickCurve(run, key, { label: key, color: figureColors[place]!, kind: "step" as const }),
  );
  return {
    id: "policy-figures",
    title: "Figures of the policy",
    unit: "",
    note: "The numbers the policy recorded at its ticks, under its own names.",
    curves,
    empty: hasValues(curves) ? null : "The policy recorded no numbers.",
    onClick,
  };
}

const reasonColors: Readonly<Record<string, readonly [ColorRole, number]>> = {
  scale_up: ["orange", 1],
  scale_down: ["blue", 1],
  scale: ["green", 1],
  set_lower_bound: ["green", 1],
  scale_down_capped_by_throughput: ["purple", 1],
  scale_down_refused_consolidation: ["sky", 0.6],
  no_change: ["grey", 0.3],
  disabled: ["grey", 0.1],
  scaling_in_progress: ["yellow", 0.85],
  worker_count_mismatch: ["red", 0.9],
  insufficient_data: ["red", 0.35],
  no_fpm_data: ["red", 0.35],
  no_traffic_data: ["red", 0.35],
  predict_failed: ["red", 0.9],
  model_not_ready: ["red", 0.6],
  partner_not_ready: ["red", 0.35],
};

/** What each loop of the planner said at every tick. */
export function decisionChart(run: RunPageData, onClick: (seconds: number) => void): ChartSpec {
  const lanes: Lane[] = [];
  for (const loop of ["load", "throughput"] as const) {
    const split = run.mode === "disagg" && hasReasons(run, `${loop}_decision_reason_decode`);
    for (const pool of split ? (["prefill", "decode"] as const) : [null]) {
      const key = `${loop}_decision_reason${pool === null ? "" : `_${pool}`}`;
      if (hasReasons(run, key)) lanes.push({ label: laneLabel(loop, pool), spans: spansOf(run, key) });
    }
  }
  const met = new Set(lanes.flatMap(({ spans }) => spans.map(({ text }) => text)));
  const laneKey = Object.entries(reasonColors)
    .filter(([reason]) => met.has(reasonWords(reason)))
    .map(([reason, [color, opacity]]) => ({ label: reasonWords(reason), color, opacity }));
  return {
    id: "decisions",
    title: "Decisions",
    unit: "",
    note: `What each loop of the planner concluded at every tick${run.mode === "disagg" ? " (fcst: forecast; P: prefill, D: decode)" : ""}. Click one for the figures behind it.${leftOut(run)}`,
    curves: [],
    lanes,
    laneKey,
    height: Math.max(44, lanes.length * 24),
    empty:
      lanes.length > 0
        ? null
        : (noTicks(run) ?? "The policy sorts its decisions under no names; open a scaling event to read what it said."),
    onClick,
  };
}

/** What the page of a long run has of its ticks. */
function leftOut({ planner }: RunPageData): string {
  if (planner === null || planner.ticks.t_s.length === planner.ticks.all) return "";
  const [kept, all] = [planner.ticks.t_s.length, planner.ticks.all].map((count) => count.toLocaleString("en-US"));
  return ` This page has ${kept} of ${all} ticks: those that scaled or decided otherwise than before, and every figure's extremes.`;
}

function laneLabel(loop: "load" | "throughput", pool: "prefill" | "decode" | null): string {
  const word = loop === "load" ? "load" : "forecast";
  return pool === null ? word : `${loop === "load" ? "load" : "fcst"} ${pool === "prefill" ? "P" : "D"}`;
}

function hasReasons(run: RunPageData, key: string): boolean {
  return run.planner?.ticks.texts[key]?.some((place) => place >= 0) ?? false;
}

/** One span a reason; a tick that says nothing leaves the one before standing. */
function spansOf(run: RunPageData, key: string): Span[] {
  const { t_s, texts, words } = run.planner!.ticks;
  const begun: { readonly from: number; readonly reason: string }[] = [];
  for (const [tick, place] of texts[key]!.entries()) {
    if (place < 0) continue;
    const reason = words[place]!;
    // Changes are told one by one, however alike.
    if (reason === begun.at(-1)?.reason && !reason.startsWith("scale_")) continue;
    begun.push({ from: t_s[tick]!, reason });
  }
  return begun.map(({ from, reason }, place) => {
    const [color, opacity] = reasonColors[reason] ?? (["grey", 0.6] as const);
    return { from, to: begun[place + 1]?.from ?? runEnd(run), color, opacity, text: reasonWords(reason) };
  });
}
