/** Public interface: simulate a trace from code, with the options of `windtunnel replay`. */
export { simulate } from "./replay.ts";
export type { ReplayHooks, ReplayProgress, SimulateOptions } from "./replay.ts";
export { ConfigError } from "./config/config-error.ts";
export type { ConfigProblem } from "./config/config-error.ts";
export { openTrace } from "./trace/open-trace.ts";
export type { OpenTraceOptions } from "./trace/open-trace.ts";
export { TraceError } from "./trace/trace-error.ts";
export type { Trace, TraceBlocks, TraceSessions } from "./trace/trace.ts";
export type { RunResult } from "./result/schema.ts";
export { renderComparePage, renderHtmlReport } from "./report/html-report.ts";
export type {
  FrontEndGauges,
  Observation,
  Planner,
  PoolName,
  PoolObservation,
  Targets,
  TrafficWindow,
  WorkerGauges,
} from "./planner/planner.ts";
export type { PlannedPass, PolicyContext, PolicyPool, ReplicaLimits } from "./planner/policy.ts";
export type { PerfModel, PerfModelProvenance } from "./perf/perf-model.ts";
export { windtunnelVersion } from "./version.ts";
