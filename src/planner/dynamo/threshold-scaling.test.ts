import { describe, expect, it } from "vitest";
import { capabilities, plannerConfig, published } from "../../../test/planner-fixtures.ts";
import type { OptimizationTarget } from "./planner-config.ts";
import { cacheOpinion, prefillOpinion } from "./threshold-scaling.ts";

const load = {
  prefillScaleUpQueueTokens: 1000,
  prefillScaleDownQueueTokens: 100,
  decodeScaleUpKvRate: 80,
  decodeScaleDownKvRate: 30,
};
const config = (optimizationTarget: OptimizationTarget, mode: "agg" | "disagg") =>
  plannerConfig({ optimizationTarget, mode, enableThroughputScaling: false, ...load });

describe("§8.11 cache use of two aggregated engines of 10,000 tokens", () => {
  it.each([
    ["throughput", 5999, 1],
    ["throughput", 6000, null],
    ["throughput", 10_000, null],
    ["throughput", 10_001, 3],
    ["latency", 999, 1],
    ["latency", 1000, null],
    ["latency", 4000, null],
    ["latency", 4001, 3],
    ["load", 8000, 3],
    ["load", 3000, 1],
    ["load", 3001, null],
    ["load", 7999, null],
  ] as const)("%s: %i tokens each → %j replicas", (target, tokens, want) => {
    const passes = [0, 1].map((id) => published(id, { sumDecodeKvTokens: tokens }));
    expect(cacheOpinion(passes, 2, config(target, "agg"), capabilities()).replicas).toBe(want);
  });

  it("counts queued prompts in an aggregated pool only, and one hot engine is enough", () => {
    const hot = [published(0, { sumDecodeKvTokens: 9000, sumQueuedPrefillTokens: 1001 }), published(1)];
    expect(cacheOpinion(hot, 2, config("throughput", "agg"), capabilities()).replicas).toBe(3);
    expect(cacheOpinion(hot, 2, config("throughput", "disagg"), capabilities()).replicas).toBeNull();
  });

  it("counts the context of requests that wait to decode", () => {
    const passes = [published(0, { sumDecodeKvTokens: 6000, sumQueuedDecodeKvTokens: 4001 })];
    expect(cacheOpinion(passes, 1, config("throughput", "disagg"), capabilities()).replicas).toBe(2);
  });
});

describe("§8.12 queues of two prefill engines of context 1000", () => {
  it.each([
    ["throughput", 99, 1],
    ["throughput", 100, null],
    ["throughput", 999, null],
    ["throughput", 1000, 3],
    ["latency", 0, 1],
    ["latency", 1, null],
    ["latency", 99, null],
    ["latency", 100, 3],
    ["load", 1000, 3],
    ["load", 100, 1],
    ["load", 101, null],
  ] as const)("%s: %i tokens each → %j replicas", (target, tokens, want) => {
    const passes = [0, 1].map((id) => published(id, { sumQueuedPrefillTokens: tokens }));
    const engine = capabilities({ contextLength: 1000 });
    expect(prefillOpinion(passes, 2, config(target, "disagg"), engine).replicas).toBe(want);
  });

  it("say nothing without a context length", () => {
    const opinion = prefillOpinion([published(0)], 1, config("throughput", "disagg"), capabilities());
    expect(opinion).toEqual({ replicas: null, reason: "insufficient_data" });
  });
});

describe("the least replicas", () => {
  it("§8.13 are kept: one is never taken away, nor the third of min_endpoint 3", () => {
    const idle = (count: number) => Array.from({ length: count }, (_, id) => published(id));
    expect(cacheOpinion(idle(1), 1, config("throughput", "agg"), capabilities()).replicas).toBeNull();
    const three = { ...config("throughput", "agg"), minEndpoint: 3 };
    expect(cacheOpinion(idle(3), 3, three, capabilities()).replicas).toBe(3);
  });
});
