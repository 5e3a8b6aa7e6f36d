import type { RunResult } from "../result/schema.ts";

type Disruptions = NonNullable<RunResult["disruptions"]>;

/** Every key a comparison reads; pages of runs hold them too. */
type Compared = Pick<
  RunResult,
  | "sla"
  | "gpu_hours"
  | "gpu_cost"
  | "scaling_events"
  | "num_requests"
  | "completed_requests"
  | "rejected_requests"
  | "failed_requests"
  | "incomplete_requests"
  | "duration_ms"
  | "request_throughput_rps"
  | "output_throughput_tok_s"
  | "prefix_cache_reused_ratio"
  | "aiperf_itl_ms"
  | "disruptions"
> &
  Record<`${"mean" | "median" | "p90" | "p99"}_${"ttft_ms" | "itl_ms" | "e2e_latency_ms"}`, number>;

/** One line of a comparison. */
export interface ComparedMetric {
  readonly section: string;
  readonly label: string;
  readonly unit: "" | "price" | "ms" | "share" | "GPU·h" | "/s" | "tokens/s" | "s";
  /** Which way is better; null when neither is. */
  readonly better: "less" | "more" | null;
  /** null where a run has no such figure. */
  readonly value: (run: Compared) => number | null;
}

const metric = (
  section: string,
  label: string,
  unit: ComparedMetric["unit"],
  better: ComparedMetric["better"],
  value: ComparedMetric["value"],
): ComparedMetric => ({ section, label, unit, better, value });

/** Requests that met every bound; null without bounds. */
function goodRequests(run: Compared): number | null {
  const left = run.completed_requests + run.rejected_requests + run.failed_requests;
  return run.sla === null ? null : run.sla.attainment.all * left;
}

function gpuHoursPerThousand(run: Compared, requests: number | null): number | null {
  return requests !== null && requests > 0 ? (run.gpu_hours / requests) * 1000 : null;
}

/** What matters between runs, in the order it is shown. */
export const comparedMetrics: readonly ComparedMetric[] = [
  metric("Service", "SLA met, all bounds", "share", "more", (run) => run.sla?.attainment.all ?? null),
  metric("Service", "TTFT SLA met", "share", "more", (run) => run.sla?.attainment.ttft ?? null),
  metric("Service", "ITL SLA met", "share", "more", (run) => run.sla?.attainment.itl ?? null),
  metric("Service", "latency SLA met", "share", "more", (run) => run.sla?.attainment.e2e ?? null),
  metric("Service", "TTFT bound", "ms", null, (run) => run.sla?.ttft_ms ?? null),
  metric("Service", "ITL bound", "ms", null, (run) => run.sla?.itl_ms ?? null),
  metric("Service", "latency bound", "ms", null, (run) => run.sla?.e2e_ms ?? null),
  metric("Cost", "GPU-hours", "GPU·h", "less", (run) => run.gpu_hours),
  metric("Cost", "cost of the GPU-hours", "price", "less", (run) => run.gpu_cost ?? null),
  metric("Cost", "GPU-hours per 1,000 good requests", "GPU·h", "less", (run) =>
    gpuHoursPerThousand(run, goodRequests(run)),
  ),
  metric("Cost", "GPU-hours per 1,000 completed", "GPU·h", "less", (run) =>
    gpuHoursPerThousand(run, run.completed_requests),
  ),
  metric("Cost", "scaling events", "", null, (run) => run.scaling_events.length),
  ...(["ttft_ms", "itl_ms", "e2e_latency_ms"] as const).flatMap((name) => {
    const words = { ttft_ms: "TTFT", itl_ms: "ITL, gaps", e2e_latency_ms: "latency" }[name];
    return (["mean", "median", "p90", "p99"] as const).map((statistic) =>
      metric("Latency", `${words} ${statistic === "median" ? "p50" : statistic}`, "ms", "less", (run) =>
        run.completed_requests === 0 ? null : run[`${statistic}_${name}`],
      ),
    );
  }),
  metric("Traffic", "requests", "", null, (run) => run.num_requests),
  metric("Traffic", "completed", "", "more", (run) => run.completed_requests),
  metric("Traffic", "rejected or failed", "", "less", (run) => run.rejected_requests + run.failed_requests),
  metric("Traffic", "not ended", "", "less", (run) => run.incomplete_requests),
  metric("Traffic", "request throughput", "/s", "more", (run) => run.request_throughput_rps),
  metric("Traffic", "output throughput", "tokens/s", "more", (run) => run.output_throughput_tok_s),
  metric("Traffic", "prefix cache hits", "share", "more", (run) => run.prefix_cache_reused_ratio),
  metric("Traffic", "simulated span", "s", null, (run) => run.duration_ms / 1000),
  metric("Disruptions", "timed out", "", "less", (run) => run.disruptions?.timed_out_requests ?? null),
  metric("Disruptions", "given up by users", "", "less", (run) => run.disruptions?.canceled_requests ?? null),
  metric("Disruptions", "tried again", "", "less", (run) => run.disruptions?.retried_requests ?? null),
  metric("Disruptions", "workers failed", "", null, ({ disruptions }) =>
    disruptions === undefined ? null : workersFailed(disruptions).length,
  ),
  metric("Disruptions", "moved to another worker", "", null, (run) => run.disruptions?.migrations ?? null),
  metric("Disruptions", "lost with a worker", "", "less", (run) => run.disruptions?.lost_requests ?? null),
  metric(
    "Disruptions",
    "tokens that went to nobody",
    "",
    "less",
    (run) => run.disruptions?.wasted_output_tokens ?? null,
  ),
];

/** Failures of workers that were there at the time. */
export function workersFailed({ worker_failures: failures }: Pick<Disruptions, "worker_failures">) {
  return failures.filter(({ state }) => state !== "absent");
}

/** How a figure stands against the first run's. */
export interface Difference {
  /** "+12.3 %", "−4.0 points"; empty where there is none to tell. */
  readonly text: string;
  readonly verdict: "better" | "worse" | null;
}

/** Compares a figure with the first run's. */
export function difference({ unit, better }: ComparedMetric, first: number | null, other: number | null): Difference {
  if (first === null || other === null || first === other) return { text: "", verdict: null };
  const rose = other > first;
  const sign = rose ? "+" : "−";
  const verdict = better === null ? null : rose === (better === "more") ? "better" : "worse";
  const away = Math.abs(other - first);
  if (first === 0 && unit !== "share")
    return { text: `${sign}${unit === "" ? away : Number(away.toPrecision(3))}`, verdict };
  const percent = ((unit === "share" ? away : away / Math.abs(first)) * 100).toFixed(1);
  // What rounds to nothing is no verdict.
  if (Number(percent) === 0) return { text: "", verdict: null };
  return { text: `${sign}${percent} ${unit === "share" ? "points" : "%"}`, verdict };
}

/** Settings that only say where output goes. */
const outputSettings: ReadonlySet<string> = new Set(["planner.report_filename", "planner.report_output_dir"]);

/**
 * Settings whose resolved values are not the same in all runs, by dotted path. What a run does not have at all (a
 * prefill engine, say) counts only where another was given it.
 */
export function differingSettings(
  runs: readonly Pick<RunResult, "config" | "mode" | "semantics" | "trace">[],
): readonly { readonly path: string; readonly values: readonly unknown[] }[] {
  const paths = [...new Set(runs.flatMap(({ config }) => Object.keys(config)))].filter((path) => {
    const settings = runs.flatMap(({ config }) => config[path] ?? []);
    return settings.length === runs.length || settings.some(({ from }) => from === "given");
  });
  const rows = [
    { path: "trace", values: runs.map(({ trace }) => trace.name as unknown) },
    { path: "mode", values: runs.map(({ mode }) => mode as unknown) },
    { path: "semantics", values: runs.map(({ semantics }) => semantics as unknown) },
    ...paths
      .filter((path) => !outputSettings.has(path))
      .map((path) => ({ path, values: runs.map(({ config }) => config[path]?.value as unknown) })),
  ];
  return rows.filter(({ values }) => new Set(values.map((value) => JSON.stringify(value))).size > 1);
}
