import type { ReplayOptions } from "./config/replay-options.ts";
import { ConfigError } from "./config/config-error.ts";
import { faultPlanFor } from "./config/disruptions.ts";
import { resolveReplay } from "./config/resolve-replay.ts";
import type { ResolvedReplay } from "./config/resolve-replay.ts";
import { buildRunResult } from "./result/build-run-result.ts";
import type { RunResult } from "./result/schema.ts";
import type { SimulationOutcome } from "./simulation/outcome.ts";
import { offeredSeconds } from "./simulation/load-sampler.ts";
import { simulateInSteps } from "./simulation/simulate.ts";
import type { Trace } from "./trace/trace.ts";
import { longestMs } from "./trace/trace-builder.ts";
import { openTrace } from "./trace/open-trace.ts";
import { syntheticTrace } from "./trace/synthetic.ts";
import { windtunnelVersion } from "./version.ts";

/** How far a replay is. */
export interface ReplayProgress {
  readonly simulatedSeconds: number;
  readonly requestsOffered: number;
  readonly requestsTotal: number;
}

/** What a caller may follow or steer while a replay runs. */
export interface ReplayHooks {
  /** Called a few times a second. */
  readonly onProgress?: (progress: ReplayProgress) => void;
  /** Aborting ends the run; the result holds what was finished by then (`ended_early`). */
  readonly signal?: AbortSignal;
}

/** Options of `simulate`: those of the command line in camelCase, or a trace already in memory. */
export interface SimulateOptions extends Omit<
  ReplayOptions,
  "trace" | "reportJson" | "reportJsonl" | "reportHtml" | "quiet" | "json"
> {
  /** A path, "preset:NAME", "-" for standard input, or a trace already read. */
  readonly trace?: string | readonly string[] | Trace;
}

/**
 * Replays a trace and returns the result, as `windtunnel replay` does, without printing or writing anything.
 * @throws ConfigError or TraceError with everything that is wrong with the input, one line each
 */
export async function simulate(options: SimulateOptions, hooks: ReplayHooks = {}): Promise<RunResult> {
  const { trace, ...others } = options;
  if (typeof trace === "object" && "inputLength" in trace) {
    const resolved = await resolveReplay({ ...others, trace: trace.name });
    return (await runReplay(resolved, trace, hooks)).result;
  }
  const resolved = await resolveReplay({ ...others, ...(trace === undefined ? {} : { trace }) });
  return (await runReplay(resolved, await loadWorkload(resolved), hooks)).result;
}

/**
 * Reads or makes the requests of a run.
 * @throws TraceError
 */
export async function loadWorkload({ workload, run }: ResolvedReplay): Promise<Trace> {
  const { topology } = run;
  const engineBlockSize = (topology.mode === "agg" ? topology.engine : topology.prefillEngine).blockSize;
  if (workload.kind === "synthetic") return syntheticTrace(workload, engineBlockSize);
  return openTrace(workload.specs, {
    format: workload.format,
    arrivals: workload.arrivals,
    seed: run.seed,
    engineBlockSize,
    sharedPrefixRatio: workload.sharedPrefixRatio,
    numPrefixGroups: workload.numPrefixGroups,
    ...(workload.traceBlockSize === null ? {} : { traceBlockSize: workload.traceBlockSize }),
    ...(workload.traceColumns === null ? {} : { traceColumns: workload.traceColumns }),
    ...(workload.traceTimeFormat === null ? {} : { traceTimeFormat: workload.traceTimeFormat }),
  });
}

const PAUSE_EVERY_MS = 100;

/**
 * Arrivals or think times of more than ten years would end in a run without end, or in times no number holds.
 * @throws ConfigError
 */
function checkSpan(trace: Trace, run: ResolvedReplay["run"]): void {
  const { arrivalSpeedupRatio: speedup } = run;
  const arrivals = offeredSeconds(trace, run) * 1000;
  const thinkTime = trace.sessions?.delayMs.reduce((longest, delay) => Math.max(longest, delay / speedup), 0) ?? 0;
  const longest = Math.max(arrivals, thinkTime);
  if (!(longest > longestMs)) return;
  const what = arrivals > longestMs ? "the arrivals" : "a think time";
  const bySlowing = longest * speedup <= longestMs;
  const where = bySlowing ? "--arrival-speedup-ratio" : "";
  const message = bySlowing
    ? `found ${speedup}, which stretches ${what} over more than ten years; expected a larger number`
    : `${what} would take more than ten years: is a rate, a gap or a think time in another unit?`;
  throw new ConfigError([{ where, message }]);
}

/** Runs a resolved replay to its end, or to the abort of `hooks.signal`. */
export async function runReplay(
  resolved: ResolvedReplay,
  trace: Trace,
  hooks: ReplayHooks = {},
): Promise<{ readonly outcome: SimulationOutcome; readonly result: RunResult }> {
  const startMs = performance.now();
  const { run, faults } = resolved;
  checkSpan(trace, run);
  const plan = faults === null ? null : faultPlanFor(faults, trace, run.arrivalSpeedupRatio);
  const steps = simulateInSteps(trace, plan === null ? run : { ...run, faults: plan });
  let step = steps.next(false);
  let pausedMs = startMs;
  while (step.done !== true) {
    const nowMs = performance.now();
    if (nowMs - pausedMs > PAUSE_EVERY_MS) {
      pausedMs = nowMs;
      hooks.onProgress?.({
        simulatedSeconds: step.value.nowNs / 1e9,
        requestsOffered: step.value.offered,
        requestsTotal: trace.count,
      });
      // Lets signals and timers of the caller through.
      await new Promise((resume) => setImmediate(resume));
    }
    step = steps.next(hooks.signal?.aborted ?? false);
  }
  const wallTimeMs = performance.now() - startMs;
  const result = buildRunResult(step.value, { ...resolved.context, windtunnelVersion, wallTimeMs });
  return { outcome: step.value, result };
}
