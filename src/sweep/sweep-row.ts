import type { RunResult } from "../result/schema.ts";
import type { AxisValue } from "./axis.ts";
import type { SweepPoint } from "./sweep-plan.ts";

/** One finished run of a sweep, a line of results.jsonl. Holds nothing that depends on the machine or on when it ran. */
export interface SweepRow {
  /** Digest of configuration, workload and version: what makes a run the same run. */
  readonly run: string;
  readonly index: number;
  readonly values: Readonly<Record<string, AxisValue>>;
  readonly repeat: number;
  /** Figures of the result; null when the run failed. */
  readonly figures: SweepFigures | null;
  /** Why the run failed; null when it did not. */
  readonly error: string | null;
}

/** The figures of a run that sweeps compare, under the names they have in the result. */
export type SweepFigures = Readonly<Record<SweepFigure, number | null>> & { readonly digest: string };

/** Keys of a result that are copied into a row as they are. */
const copiedFigures = [
  "num_requests",
  "completed_requests",
  "rejected_requests",
  "failed_requests",
  "incomplete_requests",
  "duration_ms",
  "mean_ttft_ms",
  "median_ttft_ms",
  "p90_ttft_ms",
  "p99_ttft_ms",
  "mean_itl_ms",
  "median_itl_ms",
  "p90_itl_ms",
  "p99_itl_ms",
  "mean_e2e_latency_ms",
  "p90_e2e_latency_ms",
  "p99_e2e_latency_ms",
  "request_throughput_rps",
  "output_throughput_tok_s",
  "prefix_cache_reused_ratio",
  "gpu_hours",
] as const;

/** Figures computed from a result, and the SLA bounds they were computed with. */
const derivedFigures = [
  "sla_attainment",
  "sla_ttft_attainment",
  "sla_itl_attainment",
  "sla_ttft_ms",
  "sla_itl_ms",
  "scale_ups",
  "scale_downs",
] as const;

/** A figure of a row, by its key. */
export type SweepFigure = (typeof copiedFigures)[number] | (typeof derivedFigures)[number];

/** All figures of a row, in the order of tables and CSV. */
export const sweepFigureNames: readonly SweepFigure[] = [...copiedFigures, ...derivedFigures];

/** The row of a finished run. */
export function rowOf(run: string, point: SweepPoint, result: RunResult): SweepRow {
  const figures: Record<string, number | null> = {};
  for (const name of copiedFigures) figures[name] = result[name] ?? null;
  const attainment = result.sla?.attainment;
  figures["sla_attainment"] = attainment?.all ?? null;
  figures["sla_ttft_attainment"] = attainment?.ttft ?? null;
  figures["sla_itl_attainment"] = attainment?.itl ?? null;
  figures["sla_ttft_ms"] = result.sla?.ttft_ms ?? null;
  figures["sla_itl_ms"] = result.sla?.itl_ms ?? null;
  figures["scale_ups"] = result.scaling_events.filter((event) => event.to > event.from).length;
  figures["scale_downs"] = result.scaling_events.filter((event) => event.to < event.from).length;
  return {
    run,
    index: point.index,
    values: point.values,
    repeat: point.repeat,
    figures: { ...(figures as Record<SweepFigure, number | null>), digest: result.digest },
    error: null,
  };
}

/** The row of a run that could not be done. */
export function failedRow(run: string, point: SweepPoint, error: string): SweepRow {
  return { run, index: point.index, values: point.values, repeat: point.repeat, figures: null, error };
}
