import type { RunPageData } from "../page-data.ts";
import type { ChartSpec, Lane, Span } from "./chart-spec.ts";
import { clock, count, duration, percent } from "./format.ts";
import { poolColors } from "./run-series.ts";

type Worker = RunPageData["workers"][number];

/** Life of every worker: starting, serving, draining; the darker, the busier. */
export function workersChart(run: RunPageData): ChartSpec {
  const { workers } = run;
  const several = new Set(workers.map(({ pool }) => pool)).size > 1;
  const lanes: Lane[] = workers.map((worker) => ({
    label: several ? `${worker.pool[0]}${worker.id}` : String(worker.id),
    spans: spansOf(worker),
  }));
  return {
    id: "workers",
    title: "Workers",
    unit: "",
    note: "A row for every worker that existed. The fuller its colour, the larger the share of its ready time it spent in passes.",
    curves: [],
    lanes,
    laneKey: [
      ...(several
        ? [
            { label: "prefill", color: poolColors.prefill, opacity: 1 },
            { label: "decode", color: poolColors.decode, opacity: 1 },
          ]
        : [{ label: "ready", color: poolColors.agg, opacity: 1 }]),
      { label: "starting", color: "purple", opacity: 0.5 },
      { label: "draining", color: "grey", opacity: 0.6 },
      ...(workers.some(({ failed }) => failed === true)
        ? [{ label: "failed", color: "red", opacity: 1 } as const]
        : []),
    ],
    height: Math.min(720, Math.max(70, lanes.length * (lanes.length > 40 ? 7 : 16))),
    empty: lanes.length === 0 ? "No worker ever existed." : null,
  };
}

function spansOf(worker: Worker): Span[] {
  const { created_s, ready_s, draining_s, gone_s, busy_s, requests, failed } = worker;
  const served = ready_s === null ? 0 : gone_s - ready_s;
  const busy = served > 0 ? Math.min(1, busy_s / served) : 0;
  const spans: Span[] = [];
  const readyUntil = draining_s ?? gone_s;
  const end = failed === true ? `, failed at ${clock(gone_s)}` : "";
  const story = `busy ${percent(busy)}, ${count(requests)} requests${end}`;
  const add = (from: number, to: number, span: Omit<Span, "from" | "to">) => {
    if (to > from) spans.push({ from, to, ...span });
  };
  add(created_s, Math.min(ready_s ?? gone_s, gone_s), {
    color: "purple",
    opacity: 0.25,
    hatched: true,
    text:
      ready_s === null ? `starting, cancelled at ${clock(gone_s)}` : `starting for ${duration(ready_s - created_s)}`,
  });
  if (ready_s !== null) {
    add(ready_s, Math.max(ready_s, readyUntil), {
      color: poolColors[worker.pool],
      opacity: 0.18 + 0.82 * busy,
      text: `ready from ${clock(ready_s)} to ${clock(readyUntil)}, ${story}`,
    });
  }
  if (draining_s !== null) {
    add(draining_s, gone_s, {
      color: "grey",
      opacity: 0.4,
      hatched: true,
      text: `draining for ${duration(gone_s - draining_s)}, ${story}`,
    });
  }
  if (failed === true) spans.push({ from: gone_s, to: gone_s, color: "red", opacity: 1, text: end, leastWidth: 4 });
  return spans;
}
