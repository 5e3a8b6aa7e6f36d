import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { ConfigError } from "./config-error.ts";
import type { ReplayOptions } from "./replay-options.ts";
import { resolveReplay } from "./resolve-replay.ts";
import { isUnplanned } from "./workload-spec.ts";

const folder = mkdtempSync(join(tmpdir(), "windtunnel-rules-"));
afterAll(() => rmSync(folder, { recursive: true }));
const trace = join(folder, "trace.jsonl");
writeFileSync(trace, '{"input_length": 9, "output_length": 1, "hash_ids": [1]}\n');

async function problems(options: ReplayOptions): Promise<string[]> {
  try {
    await resolveReplay(options);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ where, message }) => `${where} ${message}`.trim());
  }
}

const sizes = { inputTokens: 100, outputTokens: 2, requestCount: 2 };
const pools = { prefillEngineArgs: {}, decodeEngineArgs: {} };

describe("options that go together", () => {
  it.each<ReplayOptions>([
    { trace },
    // What options are without being given is no request for made-up requests.
    { trace, turnsPerSession: 1, sharedPrefixRatio: 0, numPrefixGroups: 0, interTurnDelayMs: 0, burstiness: 1 },
    { trace, aicGemmDtype: "auto", aicKvCacheDtype: "auto" },
    { ...sizes, arrivalIntervalMs: 5, burstiness: 1 },
    { ...sizes, requestRate: 5, burstiness: 0.5 },
    { ...sizes, replayConcurrency: 2, turnsPerSession: 3, cumulativePrompts: true },
    { ...sizes, ...pools, requestRate: 5 },
  ])("are taken: %j", async (options) => {
    expect(await problems(options)).toEqual([]);
  });

  it.each<[ReplayOptions, RegExp]>([
    [{}, /^nothing to replay/],
    [{ inputTokens: 5, requestRate: 1 }, /^a synthetic workload also needs --output-tokens and --request-count$/],
    [{ trace, turnsPerSession: 2 }, /^found both a trace \(.*\) and a synthetic workload \(--turns-per-session\)/],
    [{ ...sizes }, /needs exactly one of .*; found none$/],
    [{ ...sizes, requestRate: 1, arrivalIntervalMs: 1 }, /found --request-rate and --arrival-interval-ms$/],
    [
      { ...sizes, arrivalIntervalMs: 5, burstiness: 2 },
      /^--burstiness found 2, but it shapes the gaps of --request-rate/,
    ],
    [{ trace, requestRate: 1 }, /^--request-rate found 1, but a trace brings its own arrivals/],
    [{ trace, burstiness: 2 }, /^--burstiness found 2, but a trace brings its own arrivals/],
    [
      { trace, traceFormat: "applied_compute_agentic" },
      /^--trace-format "applied_compute_agentic" needs --replay-conc/,
    ],
    [
      { ...sizes, requestRate: 1, prefillEngineArgs: {} },
      /^--decode-engine-args is missing; --prefill-engine-args needs/,
    ],
    [{ ...sizes, requestRate: 1, ...pools, extraEngineArgs: {} }, /^--extra-engine-args is for aggregated runs/],
    [{ trace, aicBackend: "vllm", aicGemmDtype: "auto" }, /estimator .* also needs --aic-system and --aic-model-path$/],
  ])("are refused otherwise: %j", async (options, problem) => {
    expect(await problems(options)).toEqual([expect.stringMatching(problem)]);
  });
});

it("one of many names is told to be meant, of a few all are", async () => {
  const [format] = await problems({ trace, traceFormat: "monocake" });
  expect(format).toMatch(/^--trace-format found "monocake", expected one of .* \(did you mean "mooncake"\?\)$/);
  const [mode] = await problems({ trace, routerMode: "kv_ruoter" as "kv_router" });
  expect(mode).toMatch(/expected one of "round_robin", "kv_router"$/);
});

describe("requests without times", () => {
  it("run in a closed loop only", async () => {
    const { workload } = await resolveReplay({ trace, replayConcurrency: 1 });
    expect(workload).toMatchObject({ kind: "trace", arrivals: "optional" });
    expect((await resolveReplay({ trace })).workload).toMatchObject({ arrivals: "required" });
  });
});

// Which requests ai-dynamo 1.4.2 offers one by one, without planning their outputs.
it.each<[ReplayOptions, boolean]>([
  [{ ...sizes, requestRate: 1 }, true],
  [{ ...sizes, requestRate: 1, cumulativePrompts: false }, true],
  [{ ...sizes, requestRate: 1, turnsPerSession: 2 }, false],
  [{ ...sizes, requestRate: 1, sharedPrefixRatio: 0.5 }, false],
  [{ ...sizes, requestRate: 1, numPrefixGroups: 2 }, false],
  [{ ...sizes, requestRate: 1, interTurnDelayMs: 5 }, false],
  [{ trace }, false],
])("requests of %j are offered without a plan: %j", async (options, unplanned) => {
  expect(isUnplanned((await resolveReplay(options)).workload)).toBe(unplanned);
});
