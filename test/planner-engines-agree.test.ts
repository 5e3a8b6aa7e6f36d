import { describe, expect, test } from "vitest";
import { simulate } from "../src/index.ts";

/** Prompts of all lengths, answers long enough to overlap, more than one engine can serve. */
const workload = {
  inputTokens: 1500,
  outputTokens: 120,
  requestCount: 250,
  requestRate: 6,
  turnsPerSession: 1,
  numWorkers: 2,
} as const;

describe("the planner sees the same through either engine", () => {
  test.each(["round_robin", "kv_router"] as const)("%s", async (routerMode) => {
    const run = (engine: "auto" | "pass-by-pass") =>
      simulate({
        ...workload,
        routerMode,
        engine,
        plannerConfig: {
          mode: "agg",
          optimization_target: "sla",
          enable_load_scaling: true,
          enable_throughput_scaling: true,
          load_adjustment_interval: 2,
          throughput_adjustment_interval: 10,
          ttft_ms: 400,
          itl_ms: 20,
        },
      });
    const [fast, plain] = [await run("auto"), await run("pass-by-pass")];
    expect([fast.engine, plain.engine]).toEqual(["aggregated", "pass-by-pass"]);
    expect(fast.scaling_events.length).toBeGreaterThan(0);
    expect(fast.scaling_events).toEqual(plain.scaling_events);
    expect(fast.planner!.ticks).toEqual(plain.planner!.ticks);
    // Without drafts every forward makes one token visible.
    const lengths = fast.planner!.ticks.map(({ record }) => record!["observed_accept_length"]);
    expect(new Set(lengths.filter((length) => length != null))).toEqual(new Set([1]));
  });
});
