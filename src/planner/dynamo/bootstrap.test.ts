import { describe, expect, it } from "vitest";
import { engineConfig } from "../../../test/golden-case.ts";
import { bootstrapPasses, physicalBootstrap } from "./bootstrap.ts";
import { findEngineCapacity } from "./capacity-search.ts";
import { passKindOf } from "./pass-kind.ts";
import { PassTimeRegression } from "./pass-time-regression.ts";

const engine = engineConfig({ numGpuBlocks: 16_384, speedupRatio: 2 });
const limits = { maxBatchedTokens: 8192, maxSequences: 256, maxKvTokens: 1_048_576 };
const question = {
  inputTokens: 3000,
  outputTokens: 300,
  ttftSlaMs: 1500,
  itlSlaMs: 50,
  kvHitRate: null,
  acceptLength: 1,
};

const load = ({
  pass,
}: {
  pass: { sumPrefillTokens: number; numDecodeRequests: number; sumDecodeKvTokens: number };
}) => ({
  prefillTokens: pass.sumPrefillTokens,
  decodeRequests: pass.numDecodeRequests,
  decodeKvTokens: pass.sumDecodeKvTokens,
});

describe("the reference's sweep", () => {
  it("leaves an engine timed by the polynomial alone", () => {
    expect(bootstrapPasses({ mode: "agg", engine }, 8)).toBeUndefined();
  });
});

describe("the physical sweep", () => {
  const kinds = (pool: "agg" | "prefill" | "decode") =>
    new Set(physicalBootstrap(engine, pool, 8).passes.map((pass) => passKindOf(load(pass))));

  it("has the passes a pool can run", () => {
    expect(kinds("agg")).toEqual(new Set(["prefill", "decode", "mixed"]));
    expect(kinds("prefill")).toEqual(new Set(["prefill"]));
    expect(kinds("decode")).toEqual(new Set(["decode"]));
  });

  it("takes the engine's own time, speed-up ratios included", () => {
    const plain = physicalBootstrap(engineConfig({ numGpuBlocks: 16_384 }), "agg", 8);
    const fast = physicalBootstrap(engine, "agg", 8);
    expect(fast.passes[3]!.wallSeconds).toBeCloseTo(plain.passes[3]!.wallSeconds / 2, 8);
    expect(fast.leastMs.mixed).toBe(fast.leastMs.prefill + fast.leastMs.decode);
  });

  it("lets a planner size an aggregated pool before any traffic", () => {
    const { passes, leastMs } = physicalBootstrap(engine, "agg", 8);
    const model = new PassTimeRegression({ maxSamples: 64, minSamples: 5, bins: 16, leastMs });
    for (const one of passes) model.learn(load(one), one.wallSeconds * 1000);
    const point = findEngineCapacity("aggregated", model, limits, question)!;
    expect(point.meetsSla).toBe(true);
    expect(point.requestsPerSecond).toBeGreaterThan(1);
    expect(point.requestsPerSecond).toBeLessThan(100);
  });
});

describe("§8.27 fits that know the shortest pass", () => {
  const leastMs = { prefill: 5, decode: 4, mixed: 9 };

  it("give no capacity over S / (osl · t_min) where a free intercept would be far below zero", () => {
    const model = new PassTimeRegression({ maxSamples: 64, minSamples: 5, bins: 16, leastMs });
    for (let i = 1; i <= 8; i++) {
      model.learn({ prefillTokens: 4096 + 500 * i, decodeRequests: 64, decodeKvTokens: 300_000 }, 0.04 * 500 * i);
    }
    const point = findEngineCapacity("aggregated", model, limits, question)!;
    expect(point.requestsPerSecond).toBeLessThanOrEqual(256 / (300 * 0.009));
    expect(model.passMs({ prefillTokens: 1, decodeRequests: 1, decodeKvTokens: 1 })!).toBeGreaterThanOrEqual(9);
  });

  it("keep what a free intercept above it finds, bent curves too", () => {
    const line = (known: typeof leastMs | undefined) => {
      const model = new PassTimeRegression({ maxSamples: 64, minSamples: 5, bins: 16, leastMs: known });
      for (const tokens of [100, 500, 1000, 2000, 4000, 6000, 8000]) {
        model.learn(
          { prefillTokens: tokens, decodeRequests: 0, decodeKvTokens: 0 },
          10 + Math.max(0, tokens - 1000) * 0.02,
        );
      }
      return model.passMs({ prefillTokens: 3000, decodeRequests: 0, decodeKvTokens: 0 });
    };
    expect(line(leastMs)).toBe(line(undefined));
    expect(line({ ...leastMs, prefill: 12 })!).toBeGreaterThan(12);
  });
});
