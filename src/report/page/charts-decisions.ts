import type { RunPageData } from "../page-data.ts";
import type { ChartSpec, Lane, Span } from "./chart-spec.ts";
import { noTicks, runEnd } from "./run-series.ts";
import type { ColorRole } from "./theme.ts";
import { reasonWords } from "./reason-words.ts";

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
    note: "What each loop of the planner concluded at every tick. Click one for the figures behind it.",
    curves: [],
    lanes,
    laneKey,
    height: Math.max(44, lanes.length * 24),
    empty: lanes.length > 0 ? null : (noTicks(run) ?? "The policy records no reasons of its own."),
    onClick,
  };
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
  const spans: { -readonly [Key in keyof Span]: Span[Key] }[] = [];
  let last = "";
  for (const [tick, place] of texts[key]!.entries()) {
    if (place < 0) continue;
    const reason = words[place]!;
    const from = t_s[tick]!;
    const before = spans.at(-1);
    if (before !== undefined) before.to = from;
    if (before !== undefined && reason === last && !reason.startsWith("scale_")) continue;
    const [color, opacity] = reasonColors[reason] ?? (["grey", 0.6] as const);
    spans.push({ from, to: runEnd(run), color, opacity, text: reasonWords(reason) });
    last = reason;
  }
  // A merged span ends where the next begins; the last one at the end of the run.
  for (const [place, span] of spans.entries()) span.to = spans[place + 1]?.from ?? runEnd(run);
  return spans;
}
