import type { RunPageData } from "../page-data.ts";
import type { ChartSpec, Curve } from "./chart-spec.ts";
import { hasValues } from "./chart-spec.ts";
import { figure, percent, shareTick, tick } from "./format.ts";
import { meanReplicas } from "./mean-replicas.ts";
import { bucketCurve, levelCurve, noSamples, poolColors, poolsOf, setting } from "./run-series.ts";
import type { PoolName } from "./run-series.ts";
import { engineCurves } from "./engine-curves.ts";

/** How much work there was and how full the engines were. */
export function loadCharts(run: RunPageData): ChartSpec[] {
  const pools = poolsOf(run);
  const first: PoolName = pools.includes("prefill") ? "prefill" : "agg";
  const last: PoolName = pools.includes("decode") ? "decode" : "agg";
  return [
    queue(run),
    engineLoad(run, first, "prefill"),
    engineLoad(run, last, "decode"),
    kvUtilisation(run, last),
    batchUtilisation(run, pools),
  ];
}

function queue(run: RunPageData): ChartSpec {
  const { timeline } = run;
  return {
    id: "queue",
    title: "Requests in the system",
    unit: "",
    note: "Offered and not finished yet; of those, still waiting to be admitted by an engine.",
    curves: [
      bucketCurve(timeline, timeline.in_flight, { label: "in the system", color: "blue", fill: 0.1 }),
      bucketCurve(timeline, timeline.queued, { label: "waiting", color: "red", fill: 0.25 }),
    ],
    empty: run.num_requests === 0 ? "No request was offered." : null,
  };
}

function engineLoad(run: RunPageData, pool: PoolName, kind: "prefill" | "decode"): ChartSpec {
  const load = run.load?.pools[pool];
  const figures =
    kind === "prefill"
      ? (["queued_prefill_tokens"] as const)
      : (["queued_decode_kv_tokens", "inflight_decode_kv_tokens"] as const);
  const { curves, overview, threads } =
    load === undefined
      ? { curves: [], overview: [], threads: [] }
      : engineCurves(run.load!, load, figures, poolColors[pool], 1);
  const filled = hasValues(curves);
  const capacity = kvCapacity(run, pool);
  if (kind === "decode" && capacity !== null) {
    const level = levelCurve(run, capacity, { label: "KV capacity", color: "red" });
    curves.push(level);
    overview.push(level);
  }
  return {
    id: `${kind}-load`,
    title: kind === "prefill" ? "Prefill load of each engine" : "Decode load of each engine",
    unit: "tokens",
    note:
      (kind === "prefill"
        ? "Prompt tokens queued at each engine when its last pass began; a thin line for every engine."
        : "Key-value tokens queued and in flight at each engine in its last pass; a thin line for every engine.") +
      zoomHint(curves, overview),
    curves,
    overview,
    threads,
    format: figure,
    axisFormat: tick,
    empty: filled ? null : (noSamples(run) ?? "The policy records no load of its engines."),
  };
}

/** What a note adds where the overview leaves values out. */
function zoomHint(curves: readonly Curve[], overview: readonly Curve[]): string {
  return curves.some((curve, place) => curve !== overview[place] && curve.x.length !== overview[place]?.x.length)
    ? " Zoom in for every sample."
    : "";
}

function kvCapacity(run: RunPageData, pool: PoolName): number | null {
  const name = pool === "agg" ? "engine" : pool;
  const blocks = setting(run, `${name}.num_gpu_blocks`);
  const size = setting(run, `${name}.block_size`);
  return blocks === null || size === null ? null : blocks * size;
}

function kvUtilisation(run: RunPageData, pool: PoolName): ChartSpec {
  const { timeline } = run;
  const capacity = kvCapacity(run, pool);
  const blocks = setting(run, `${pool === "agg" ? "engine" : pool}.num_gpu_blocks`);
  const curves: Curve[] = [];
  const overview: Curve[] = [];
  const threads: Curve[] = [];
  const load = run.load?.pools[pool];
  if (load !== undefined && blocks !== null) {
    const sampled = engineCurves(run.load!, load, ["kv_blocks"], poolColors[pool], 1 / blocks);
    curves.push(...sampled.curves);
    overview.push(...sampled.overview);
    threads.push(...sampled.threads);
  }
  if (capacity !== null && timeline.context_tokens !== undefined) {
    const ready = meanReplicas(timeline, pool);
    const share = timeline.context_tokens.map((tokens, k) => (ready[k]! > 0 ? tokens / (ready[k]! * capacity) : null));
    const context = bucketCurve(timeline, share, { label: "running context", color: "ink", width: 1, opacity: 0.75 });
    curves.push(context);
    overview.push(context);
  }
  return {
    id: "kv-utilisation",
    title: "KV cache use",
    unit: "of capacity",
    note: `Blocks in use, sampled at ticks (without a planner when requests arrive). Running context: tokens of all running requests (shared prefixes counted each time) over ready engines' capacity.${zoomHint(curves, overview)}`,
    curves,
    overview,
    threads,
    format: percent,
    axisFormat: shareTick,
    empty: hasValues(curves) ? null : "The number of key-value blocks is not known.",
  };
}

function batchUtilisation(run: RunPageData, pools: readonly PoolName[]): ChartSpec {
  const { timeline } = run;
  const curves: Curve[] = [];
  const overview: Curve[] = [];
  for (const pool of pools) {
    const most = setting(run, `${pool === "agg" ? "engine" : pool}.max_num_seqs`);
    const load = run.load?.pools[pool];
    if (most === null) continue;
    if (load !== undefined) {
      const prefix = pools.length > 1 ? `${pool} ` : "";
      const sampled = engineCurves(run.load!, load, ["running"], poolColors[pool], 1 / most);
      const named = (curve: Curve): Curve => ({ ...curve, label: `${prefix}${curve.label}` });
      curves.push(...sampled.curves.map(named));
      overview.push(...sampled.overview.map(named));
    }
    if (pool === "agg") {
      const ready = meanReplicas(timeline, pool);
      const share = timeline.in_flight.map((inside, k) =>
        ready[k]! > 0 ? (inside - timeline.queued[k]!) / (ready[k]! * most) : null,
      );
      const admitted = bucketCurve(timeline, share, { label: "admitted", color: "ink", width: 1, opacity: 0.75 });
      curves.push(admitted);
      overview.push(admitted);
    }
  }
  return {
    id: "batch-utilisation",
    title: "Batch use",
    unit: "of max_num_seqs",
    note: `Requests in each engine's last pass, of the most it may run at once. Admitted: all admitted requests over all ready engines.${zoomHint(curves, overview)}`,
    curves,
    overview,
    format: percent,
    axisFormat: shareTick,
    empty: hasValues(curves)
      ? null
      : pools.every((pool) => setting(run, `${pool === "agg" ? "engine" : pool}.max_num_seqs`) === null)
        ? "max_num_seqs is unbounded in this run."
        : (noSamples(run) ?? "No engine published a pass."),
  };
}
