import { describe, expect, it } from "vitest";
import { simulate } from "../src/replay.ts";
import type { ReplayOptions } from "../src/config/replay-options.ts";

/** Figures of ai-dynamo 1.4.2's reports (`python -m dynamo.replay --input-tokens … --report-json`). */
interface Figures {
  readonly duration_ms: number;
  readonly mean_ttft_ms: number;
  readonly mean_e2e_latency_ms: number;
  readonly prefix_cache_reused_ratio: number;
}

async function expectFigures(options: ReplayOptions, theirs: Figures) {
  const ours = await simulate({ ...options, semantics: "dynamo-1.4" });
  for (const [key, value] of Object.entries(theirs)) {
    expect(Math.abs(ours[key as keyof Figures] - value), key).toBeLessThan(1e-6 * Math.max(1, value));
  }
}

describe("random gaps and groups are the reference's, bit for bit", () => {
  const made = { inputTokens: 1000, outputTokens: 100, requestCount: 200, requestRate: 10, numWorkers: 2 };

  it("arrivals by rate", () =>
    expectFigures(made, {
      duration_ms: 19050.053082520422,
      mean_ttft_ms: 41.8870553011647,
      mean_e2e_latency_ms: 754.3423390511662,
      prefix_cache_reused_ratio: 0,
    }));

  it("another seed", () =>
    expectFigures(
      { ...made, arrivalSeed: 7 },
      {
        duration_ms: 19832.368620809,
        mean_ttft_ms: 41.76328978355099,
        mean_e2e_latency_ms: 739.8334915585515,
        prefix_cache_reused_ratio: 0,
      },
    ));

  it("groups that share a prefix", () =>
    expectFigures(
      { ...made, requestCount: 100, requestRate: 5, sharedPrefixRatio: 0.5, numPrefixGroups: 4 },
      {
        duration_ms: 18703.6708874722,
        mean_ttft_ms: 32.64008876860221,
        mean_e2e_latency_ms: 645.75797132859,
        prefix_cache_reused_ratio: 0.47104,
      },
    ));
});

describe("prefill workers of 1.4.2 play the whole output only where it was planned", () => {
  const made = {
    inputTokens: 700,
    outputTokens: 50,
    requestCount: 30,
    prefillEngineArgs: { worker_type: "prefill", num_gpu_blocks: 8192, block_size: 64 },
    decodeEngineArgs: { worker_type: "decode", num_gpu_blocks: 8192, block_size: 64 },
  };

  it.each<[string, ReplayOptions, Figures]>([
    [
      "not in an open loop at fixed gaps",
      { arrivalIntervalMs: 17 },
      {
        duration_ms: 884.2551160000003,
        mean_ttft_ms: 73.53691576666655,
        mean_e2e_latency_ms: 412.0243084999999,
        prefix_cache_reused_ratio: 0,
      },
    ],
    [
      "not in an open loop at random gaps",
      { requestRate: 40 },
      {
        duration_ms: 913.0331960000013,
        mean_ttft_ms: 77.25746892868146,
        mean_e2e_latency_ms: 412.1482768286821,
        prefix_cache_reused_ratio: 0,
      },
    ],
    [
      "not in a closed loop",
      { replayConcurrency: 8 },
      {
        duration_ms: 1696.9577139999956,
        mean_ttft_ms: 115.61309139999997,
        mean_e2e_latency_ms: 425.9795547999992,
        prefix_cache_reused_ratio: 0,
      },
    ],
    [
      "with a think time, though no turn follows",
      { arrivalIntervalMs: 17, interTurnDelayMs: 10 },
      {
        duration_ms: 951.288297999998,
        mean_ttft_ms: 310.422625,
        mean_e2e_latency_ms: 704.7882979999981,
        prefix_cache_reused_ratio: 0,
      },
    ],
    [
      "with shared prefixes",
      { arrivalIntervalMs: 17, sharedPrefixRatio: 0.3, numPrefixGroups: 3 },
      {
        duration_ms: 929.3641899999981,
        mean_ttft_ms: 288.498517,
        mean_e2e_latency_ms: 682.8641899999981,
        prefix_cache_reused_ratio: 0.24685714285714286,
      },
    ],
  ])("%s", (_, options, figures) => expectFigures({ ...made, ...options }, figures));
});
