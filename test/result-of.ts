import { buildRunResult } from "../src/result/build-run-result.ts";
import type { RunResult } from "../src/result/schema.ts";
import type { SlaBounds } from "../src/result/sla-attainment.ts";
import type { SimulationOutcome } from "../src/simulation/outcome.ts";
import type { RunConfig } from "../src/simulation/run-config.ts";

/** The result of a run as the command line would report it, without the wall clock. */
export function resultOf(outcome: SimulationOutcome, config: RunConfig, sla: SlaBounds | null = null): RunResult {
  const { topology } = config;
  return buildRunResult(outcome, {
    windtunnelVersion: "test",
    semantics: config.semantics,
    mode: topology.mode,
    gpusPerWorker:
      topology.mode === "agg"
        ? { prefill: 0, decode: topology.engine.gpusPerWorker }
        : { prefill: topology.prefillEngine.gpusPerWorker, decode: topology.decodeEngine.gpusPerWorker },
    config: {},
    warnings: [],
    sla: sla === null ? null : { ...sla, source: "flags" },
    policy: config.planner === null ? null : "test",
    wallTimeMs: 0,
  });
}
