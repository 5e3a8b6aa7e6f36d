import { describe, expect, it } from "vitest";
import { simulate } from "../replay.ts";
import { optionsWithoutEffect } from "./options-without-effect.ts";
import type { ReplayOptions, ReplayValues } from "./replay-options.ts";

const made = { inputTokens: 100, outputTokens: 2, requestCount: 2, requestRate: 5 };
const pools = { prefillEngineArgs: {}, decodeEngineArgs: {} };
const warnings = async (options: ReplayOptions) => (await simulate({ ...made, ...options })).warnings;

describe("options that act on nothing in a run are warned of", () => {
  it.each<[ReplayOptions, string[]]>([
    [
      { numPrefillWorkers: 2, numDecodeWorkers: 2 },
      [
        "--num-prefill-workers has no effect in an aggregated run; --num-workers sizes it",
        "--num-decode-workers has no effect in an aggregated run; --num-workers sizes it",
      ],
    ],
    [
      { ...pools, numWorkers: 2 },
      [
        "--num-workers has no effect in a disaggregated run; --num-prefill-workers and --num-decode-workers size its pools",
      ],
    ],
    [{ routerConfig: {} }, ["--router-config has no effect without --router-mode kv_router"]],
    [{ benchmarkGranularity: 4 }, ["--benchmark-granularity has no effect without --planner-config"]],
    [{ traceNumPrefixGroups: 4 }, ["--trace-num-prefix-groups has no effect but on applied_compute_agentic traces"]],
  ])("%j", async (options, expected) => {
    expect(await warnings(options)).toEqual(expected);
  });

  it("settings of made-up prefixes but on traces that make them up", () => {
    const warned = (traceFormat: string) =>
      optionsWithoutEffect(
        { traceFormat, prefillEngineArgs: null, decodeEngineArgs: null, routerMode: "round_robin" } as ReplayValues,
        { trace: "t.jsonl", traceSharedPrefixRatio: 0.5 },
      );
    expect(warned("applied_compute_agentic")).toEqual([]);
    expect(warned("auto")).toEqual([]);
    expect(warned("mooncake")).toEqual([
      "--trace-shared-prefix-ratio has no effect but on applied_compute_agentic traces",
    ]);
  });

  it("but not where they act", async () => {
    expect(await warnings({ numWorkers: 2, arrivalSeed: 3, routerMode: "kv_router", routerConfig: {} })).toEqual([]);
    expect(await warnings({ ...pools, numPrefillWorkers: 2, numDecodeWorkers: 2 })).toEqual([]);
  });
});
