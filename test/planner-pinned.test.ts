import { describe, expect, it } from "vitest";
import { simulate } from "../src/simulation/simulate.ts";
import { openTrace } from "../src/trace/open-trace.ts";
import { differences, engineConfig, rowsOf } from "./golden-case.ts";
import { plannerFor } from "./planner-case.ts";

/** A planner that may neither grow nor shrink changes nothing, whichever engine runs. */
describe("a planner pinned to two workers equals a run of two", () => {
  it.each(["auto", "pass-by-pass"] as const)("%s", async (engine) => {
    const trace = await openTrace("preset:conversation", { seed: 3 });
    const topology = { mode: "agg", engine: engineConfig({ numGpuBlocks: 4096 }), numWorkers: 2 } as const;
    const run = {
      semantics: "current",
      topology,
      arrivalSpeedupRatio: 1,
      replayConcurrency: null,
      maxSimTimeSeconds: 300,
      routerMode: "round_robin",
      planner: null,
      engine,
      seed: 0,
    } as const;
    const pinned = {
      mode: "agg",
      min_gpu_budget: 2,
      max_gpu_budget: 2,
      min_endpoint: 2,
      load_adjustment_interval_seconds: 7,
    };
    const outcome = simulate(trace, { ...run, planner: plannerFor(pinned, topology) });
    expect(outcome.scalingEvents).toEqual([]);
    expect(outcome.ticks.length).toBeGreaterThan(40);
    expect(differences(rowsOf(simulate(trace, run)), rowsOf(outcome))).toEqual([]);
  });
});
