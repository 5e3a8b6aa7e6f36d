import type { SyntheticSpec } from "../trace/synthetic.ts";
import type { ReplayOptions, ReplayValues } from "./replay-options.ts";

/** Where the requests of a run come from. */
export type WorkloadSpec = TraceWorkload | SyntheticWorkload;

/** Recorded requests: a file, "-" for standard input, or preset:NAME. */
export interface TraceWorkload {
  readonly kind: "trace";
  readonly specs: readonly string[];
  /** "auto" = recognise it. */
  readonly format: string;
  readonly traceBlockSize: number | null;
  /** Columns and times of a log, as --trace-columns and --trace-time-format have them. */
  readonly traceColumns: string | null;
  readonly traceTimeFormat: string | null;
  readonly sharedPrefixRatio: number;
  readonly numPrefixGroups: number;
  /** Open-loop runs need arrival times. */
  readonly arrivals: "required" | "optional";
}

/** Requests made up from a few figures (engine-reference §2.7). */
export interface SyntheticWorkload extends Required<SyntheticSpec> {
  readonly kind: "synthetic";
}

/** Trace files as a list. */
export function traceSpecs(trace: ReplayOptions["trace"] | null): readonly string[] {
  return trace === undefined || trace === null ? [] : typeof trace === "string" ? [trace] : trace;
}

/**
 * Whether ai-dynamo 1.4.2 offers the requests one by one, without planning their outputs: synthetic ones for
 * which no option of sessions or prefixes is set.
 */
export function isUnplanned(workload: WorkloadSpec): boolean {
  if (workload.kind === "trace") return false;
  const { turnsPerSession, sharedPrefixRatio, numPrefixGroups, interTurnDelayMs } = workload;
  return turnsPerSession === 1 && sharedPrefixRatio === 0 && numPrefixGroups === 0 && interTurnDelayMs === 0;
}

/** The workload that validated options describe. */
export function workloadFrom(values: ReplayValues): WorkloadSpec {
  const specs = traceSpecs(values.trace);
  if (specs.length > 0) {
    return {
      kind: "trace",
      specs,
      format: values.traceFormat ?? "auto",
      traceBlockSize: values.traceBlockSize,
      traceColumns: values.traceColumns,
      traceTimeFormat: values.traceTimeFormat,
      sharedPrefixRatio: values.traceSharedPrefixRatio ?? 0,
      numPrefixGroups: values.traceNumPrefixGroups ?? 0,
      arrivals: values.replayConcurrency === null ? "required" : "optional",
    };
  }
  return {
    kind: "synthetic",
    inputTokens: values.inputTokens ?? 0,
    outputTokens: values.outputTokens ?? 0,
    requestCount: values.requestCount ?? 0,
    requestRate: values.requestRate,
    arrivalIntervalMs: values.arrivalIntervalMs,
    arrivalSeed: values.arrivalSeed ?? 42,
    burstiness: values.burstiness ?? 1,
    turnsPerSession: Math.max(1, values.turnsPerSession ?? 1),
    sharedPrefixRatio: values.sharedPrefixRatio ?? 0,
    numPrefixGroups: values.numPrefixGroups ?? 0,
    interTurnDelayMs: values.interTurnDelayMs ?? 0,
    cumulativePrompts: values.cumulativePrompts ?? false,
  };
}
