import { describe, expect, it } from "vitest";
import { engineConfig } from "../../../test/golden-case.ts";
import type { PerfModel } from "../../perf/perf-model.ts";
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

  it.each(["tables", "roofline"] as const)(
    "of %s has single prompts first, then the batches the cache holds",
    (kind) => {
      const perfModel: PerfModel = {
        provenance: { kind, description: "" },
        decodeDependsOn: "all",
        prefillMs: (_, tokens) => tokens,
        decodeMs: (batch, context) => batch + context,
      };
      const small = { perfModel, maxNumBatchedTokens: 300, maxNumSeqs: 2, numGpuBlocks: 80, blockSize: 50 };
      const { decode } = bootstrapPasses({ mode: "agg", engine: engineConfig(small) }, 2)!;
      expect(
        decode!.map(({ pass }) => [pass.sumPrefillTokens, pass.numDecodeRequests, pass.sumDecodeKvTokens]),
      ).toEqual([
        [100, 0, 0],
        [200, 0, 0],
        [300, 0, 0],
        [0, 1, 500],
        [0, 2, 1000],
        [0, 1, 2000],
        // Fills the cache of 4,000 tokens, as does the next.
        [0, 2, 4000],
        [0, 1, 4000],
      ]);
      expect(decode!.map(({ wallSeconds }) => wallSeconds)).toEqual([0.1, 0.2, 0.3, 0.501, 0.502, 2.001, 2.002, 4.001]);
    },
  );
});

describe("the physical sweep", () => {
  const kinds = (pool: "agg" | "prefill" | "decode") =>
    new Set(physicalBootstrap(engine, pool, 8).passes.map((pass) => passKindOf(load(pass))));

  it("has the passes a pool can run", () => {
    expect(kinds("agg")).toEqual(new Set(["prefill", "decode", "mixed"]));
    expect(kinds("prefill")).toEqual(new Set(["prefill"]));
    expect(kinds("decode")).toEqual(new Set(["decode"]));
  });

  it("has mixed passes at seven levels of cache use, none of them all of it", () => {
    const { passes } = physicalBootstrap(engineConfig({ numGpuBlocks: 80, blockSize: 50 }), "agg", 8);
    const mixed = passes.filter((pass) => passKindOf(load(pass)) === "mixed");
    expect([...new Set(mixed.map(({ pass }) => pass.sumDecodeKvTokens))]).toEqual([
      500, 1000, 1500, 2000, 2500, 3000, 3500,
    ]);
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
