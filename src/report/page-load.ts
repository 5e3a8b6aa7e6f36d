import type { RunResult } from "../result/schema.ts";
import type { EngineLoadColumns, PageTicks } from "./page-ticks.ts";
import { loadColumns, loadFigures } from "./page-ticks.ts";
import type { EngineEntry } from "./page-ticks.ts";

type PoolName = keyof PageLoad["pools"];

/** Load of the engines over time, however it was sampled. */
export interface PageLoad {
  /** Instants; entries of `pools` point to them. */
  readonly t_s: readonly number[];
  /** "ticks": the planner's. "arrivals": when requests reached the engines, no planner being there. */
  readonly sampledAt: "ticks" | "arrivals";
  readonly pools: Partial<Record<"agg" | "prefill" | "decode", EngineLoadColumns>>;
}

/** Lays the load of the engines out for the page; null when nothing sampled it. */
export function pageLoad(samples: RunResult["load_samples"] | undefined, ticks: PageTicks | null): PageLoad | null {
  if (ticks !== null) return { t_s: ticks.t_s, sampledAt: "ticks", pools: ticks.load };
  if (samples == null || samples.t_s.length === 0) return null;
  const instants = [...new Set(samples.t_s)];
  const places = new Map(instants.map((at, place) => [at, place]));
  const pools = new Map<PoolName, EngineEntry[]>();
  samples.t_s.forEach((at, k) => {
    const pool = samples.pool?.[k] ?? "agg";
    const worker = String(samples.worker[k]);
    const entries = pools.get(pool) ?? [];
    pools.set(pool, entries);
    entries.push({
      tick: places.get(at)!,
      engine: samples.rank[k] === 0 ? worker : `${worker}:${samples.rank[k]}`,
      figures: Object.fromEntries(loadFigures.map((key) => [key, samples[key][k]!])),
    });
  });
  const load = Object.fromEntries([...pools].map(([pool, entries]) => [pool, loadColumns(entries)]));
  return { t_s: instants, sampledAt: "arrivals", pools: load };
}
