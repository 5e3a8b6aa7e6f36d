import { describe, expect, it } from "vitest";
import { simulate } from "../src/replay.ts";

/**
 * Budgets that no number of replicas keeps. Expected values are those of ai-dynamo 1.4.2 on
 * `--input-tokens 2000 --output-tokens 100 --request-count 400 --arrival-interval-ms 150`.
 */
const engine = { num_gpu_blocks: 2000, block_size: 64, max_num_seqs: 16 };
const workload = { inputTokens: 2000, outputTokens: 100, requestCount: 400, arrivalIntervalMs: 150 };

async function run(plannerConfig: object, options: object, semantics: "dynamo-1.4" | "current" = "dynamo-1.4") {
  const planner = { mode: "agg", report_interval_hours: null, ...plannerConfig };
  const result = await simulate({
    extraEngineArgs: engine,
    ...workload,
    ...options,
    plannerConfig: planner,
    semantics,
  });
  const events = result.scaling_events.map(({ t_s: t, pool, from, to }) => `${t} ${pool} ${from}->${to}`);
  return { result, events, figures: [result.duration_ms, result.mean_ttft_ms] };
}

describe("contradicting GPU budgets", () => {
  it.each([
    [5, "5 agg 5->4", [60580.086975995975, 59.27888667822224]],
    [2, "5 agg 2->4", [60579.73992299597, 59.69925894820728]],
  ])("a least above the most: %i workers", async (numWorkers, event, figures) => {
    const ours = await run({ min_gpu_budget: 6, max_gpu_budget: 4 }, { numWorkers });
    expect(ours.events).toEqual([event]);
    for (const [i, figure] of figures.entries()) expect(ours.figures[i]).toBeCloseTo(figure, 6);
    expect(ours.result.warnings).toEqual([expect.stringContaining("min_gpu_budget is 6, but max_gpu_budget is 4")]);
  });

  it("a least above the most, of two pools", async () => {
    const pools = { prefillEngineArgs: engine, decodeEngineArgs: engine, numPrefillWorkers: 2, numDecodeWorkers: 2 };
    const ours = await run(
      { mode: "disagg", min_gpu_budget: 12, max_gpu_budget: 6 },
      { ...pools, extraEngineArgs: undefined },
    );
    expect(ours.events).toEqual(["5 decode 2->1"]);
    expect(ours.result.duration_ms).toBeCloseTo(60878.95742699754, 6);
    expect(ours.result.mean_ttft_ms).toBeCloseTo(67.17338864684164, 6);
  });

  it("room for fewer than the least replicas, as long as nothing is decided", async () => {
    const ours = await run({ min_endpoint: 3, max_gpu_budget: 2 }, {});
    expect(ours.events).toEqual([]);
    expect(ours.result.duration_ms).toBeCloseTo(65424.74741999935, 6);
    expect(ours.result.mean_ttft_ms).toBeCloseTo(2076.8582760472755, 6);
    expect(ours.result.warnings).toEqual([expect.stringContaining("max_gpu_budget is 2, but 3 replica(s)")]);
  });

  it("the first decision becomes 0 replicas", async () => {
    const ours = await run({ min_endpoint: 3, max_gpu_budget: 2 }, { numWorkers: 5 });
    expect(ours.events).toEqual([expect.stringMatching(/ agg 5->0$/)]);
    expect(ours.result.ended_early?.message).toContain("left a pool without any worker");
  });

  it("room for fewer than the least replicas is a mistake where the reference is not reproduced", async () => {
    const two = { extraEngineArgs: { ...engine, dp_size: 2 } };
    const room = (planner: object, options: object) => run(planner, options, "current");
    await expect(room({ min_endpoint: 3, max_gpu_budget: 2 }, {})).rejects.toThrow(
      "--planner-config max_gpu_budget: found 2, expected at least 3 (3 replica(s) of every pool at 1 GPU(s) each), or a negative number for no bound",
    );
    await expect(room({ max_gpu_budget: 1 }, two)).rejects.toThrow("found 1, expected at least 2");
    await expect(room({ min_endpoint: 5 }, two)).rejects.toThrow("found 8, expected at least 10");
    await expect(room({ max_gpu_budget: 1, policy: "dynamo-fixed" }, two)).rejects.toThrow(
      "found 1, expected at least 2",
    );
    await expect(room({ max_gpu_budget: 2 }, two)).resolves.toBeDefined();
    await expect(room({ max_gpu_budget: -1, min_endpoint: 5 }, two)).resolves.toBeDefined();
  });

  it("room for fewer than the least replicas is told beside other mistakes", async () => {
    const mistakes = { max_gpu_budget: 0, itl_ms: 0, load_predictor: "arma" };
    const told = run(mistakes, {}, "current");
    for (const key of ["max_gpu_budget: found 0", "itl_ms", "arma"]) await expect(told).rejects.toThrow(key);
  });
});
