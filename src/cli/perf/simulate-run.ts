import { ConfigError } from "../../config/config-error.ts";
import type { EngineConfig } from "../../engine/engine-config.ts";
import type { RequestTimes } from "../../perf/calibration/fit-runs.ts";
import { simulate } from "../../simulation/simulate.ts";
import type { Trace } from "../../trace/trace.ts";

/** Simulates a measured run, its requests arriving as they did, and answers each one's times. */
export function simulateRun(trace: Trace, engine: EngineConfig, numWorkers: number): RequestTimes[] {
  const { ledger } = simulate(trace, {
    semantics: "current",
    topology: { mode: "agg", engine, numWorkers },
    arrivalSpeedupRatio: 1,
    replayConcurrency: null,
    maxSimTimeSeconds: null,
    routerMode: "round_robin",
    planner: null,
    engine: "auto",
    seed: 0,
  });
  return Array.from({ length: trace.count }, (_, i) => ({
    ttftMs: (ledger.firstTokenNs[i]! - ledger.arrivalNs[i]!) / 1e6,
    tpotMs:
      ledger.outputTokens[i]! < 2
        ? Number.NaN
        : (ledger.lastTokenNs[i]! - ledger.firstTokenNs[i]!) / 1e6 / (ledger.outputTokens[i]! - 1),
    latencyMs: (ledger.lastTokenNs[i]! - ledger.arrivalNs[i]!) / 1e6,
  }));
}

/**
 * What `--workers` says: a whole number of workers, at least 1.
 * @throws ConfigError
 */
export function workersOf(given: unknown): number {
  const workers = Number(given);
  if (Number.isSafeInteger(workers) && workers >= 1) return workers;
  throw new ConfigError([
    { where: "--workers", message: `found "${String(given)}", expected a whole number of at least 1` },
  ]);
}
