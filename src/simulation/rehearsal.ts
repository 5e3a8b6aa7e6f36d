import { RequestStatus } from "../metrics/request-ledger.ts";
import type { Rehearsal, RehearsedRun } from "../planner/planner.ts";
import type { Trace } from "../trace/trace.ts";
import type { SimulationOutcome } from "./outcome.ts";
import type { RunConfig } from "./run-config.ts";

/** Lets a policy play an aggregated run before it begins (`Planner.foresee`). */
export function rehearsalOf(
  trace: Trace,
  config: RunConfig,
  simulate: (trace: Trace, config: RunConfig) => SimulationOutcome,
): Rehearsal {
  const { topology } = config;
  if (topology.mode !== "agg") throw new Error("only aggregated runs can be rehearsed");
  return {
    play: (numWorkers, planner, { ttftMs, itlMs }) =>
      rehearsed(
        simulate(trace, { ...config, planner, topology: { ...topology, numWorkers } }),
        ttftMs ?? Infinity,
        itlMs ?? Infinity,
      ),
  };
}

function rehearsed({ ledger, workers }: SimulationOutcome, ttftMs: number, itlMs: number): RehearsedRun {
  const { count, arrivalNs, firstTokenNs, lastTokenNs, outputTokens, status } = ledger;
  const met = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    if (status[i] !== RequestStatus.completed || outputTokens[i] === 0) continue;
    const gaps = outputTokens[i]! - 1;
    const inTime = (firstTokenNs[i]! - arrivalNs[i]!) / 1e6 <= ttftMs;
    if (inTime && (gaps === 0 || (lastTokenNs[i]! - firstTokenNs[i]!) / gaps / 1e6 <= itlMs)) met[i] = 1;
  }
  return {
    arrivalSeconds: arrivalNs.map((ns) => ns / 1e9),
    met,
    gpuSeconds: workers.reduce((sum, { gpus, createdNs, goneNs }) => sum + (gpus * (goneNs - createdNs)) / 1e9, 0),
  };
}
