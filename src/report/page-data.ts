import type { RunResult } from "../result/schema.ts";
import type { EngineLoadColumns, PageTicks, TickPool } from "./page-ticks.ts";
import type { PageLoad } from "./page-load.ts";
import { pageLoad } from "./page-load.ts";
import { pageTicks } from "./page-ticks.ts";
import { roundForDrawing } from "./round-for-drawing.ts";

export type { EngineLoadColumns, PageTicks, TickPool };

/**
 * What the page draws from: the run result with its planner ticks in columns. Figures of the whole run are those of the
 * result, to the last digit; series that are only drawn keep seven significant digits.
 */
export interface RunPageData extends Omit<RunResult, "planner" | "load_samples"> {
  readonly planner: { readonly policy: string; readonly ticks: PageTicks } | null;
  readonly load: PageLoad | null;
}

/** The content of one page: a run, or several laid over each other. */
export type PageContent =
  | { readonly kind: "run"; readonly run: RunPageData }
  | { readonly kind: "compare"; readonly runs: readonly ComparedRun[] };

/** What the comparing page needs of a run. */
export type ComparedRun = Omit<RunPageData, "planner" | "load" | "scatter" | "worst_requests" | "workers"> & {
  /** What the page calls it: distinct among the runs. */
  readonly label: string;
};

/** Lays a result out for its page. */
export function runPageData(result: RunResult): RunPageData {
  const { planner, load_samples: samples, timeline, distributions, scatter, scaling_events: events, ...rest } = result;
  const ticks = planner === null ? null : pageTicks(planner.ticks, new Set(events.map(({ t_s }) => t_s)));
  // Ticks hold the same words, once for all ticks that say the same.
  const said = new Map(planner?.ticks.map(({ t_s, reason }) => [t_s, reason]));
  return {
    ...rest,
    scaling_events: events.map((event) => (event.reason === said.get(event.t_s) ? { ...event, reason: "" } : event)),
    planner: planner === null || ticks === null ? null : { policy: planner.policy, ticks },
    load: pageLoad(samples, ticks),
    timeline: roundForDrawing(timeline),
    distributions: roundForDrawing(distributions),
    scatter: roundForDrawing(scatter),
  };
}

/** Lays a result out for the comparing page. */
export function comparedRun(result: RunResult, label: string): ComparedRun {
  const left: ReadonlySet<string> = new Set(["planner", "load_samples", "scatter", "worst_requests", "workers"]);
  const kept = Object.fromEntries(Object.entries(result).filter(([key]) => !left.has(key))) as Omit<
    ComparedRun,
    "label"
  >;
  const { timeline, distributions, scaling_events: events } = kept;
  return {
    ...kept,
    label,
    scaling_events: events.map((event) => ({ ...event, reason: "" })),
    timeline: roundForDrawing(timeline),
    distributions: roundForDrawing(distributions),
  };
}
