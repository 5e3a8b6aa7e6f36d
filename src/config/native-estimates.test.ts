import { describe, expect, it } from "vitest";
import { forwardPassMs } from "../perf/forward-pass-estimate.ts";
import { gpuOf } from "../perf/gpu.ts";
import { catalogueModel } from "../perf/model-name.ts";
import { rooflinePerfModel } from "../perf/roofline/roofline-perf-model.ts";
import { ProblemList } from "./config-error.ts";
import { validateEngineArgs } from "./engine-args.ts";
import { nativeEstimates } from "./native-estimates.ts";
import { parsePlannerConfig } from "./planner-config.ts";
import { resolveEngine } from "./resolve-engine.ts";

const model = "meta-llama/Llama-3.1-8B";
const spec = { hf_id: model, system: "h200_sxm", backend: "vllm", decode_pick: { tp: 1 } };

async function estimates(planner: object, engineArgs: object = {}) {
  const problems = new ProblemList();
  const given = { aic_backend: "vllm", aic_system: "h200_sxm", aic_model_path: model, ...engineArgs };
  const args = validateEngineArgs(given, "--extra-engine-args", "aggregated", problems);
  const settings = parsePlannerConfig(
    { mode: "agg", optimization_target: "sla", aic_perf_model: spec, ...planner },
    "--planner-config",
    problems,
  );
  problems.throwIfAny();
  const { engine } = await resolveEngine(args!);
  const found = await nativeEstimates(settings!, { mode: "agg", engine, numWorkers: 1 }, "--planner-config", problems);
  return { found, problems: problems.problems.map(({ where, message }) => `${where}: ${message}`) };
}

/** A decode pass of eight sequences as the roofline has it on so many GPUs. */
function decodeMs(tensorParallelSize: number): number {
  const { step } = rooflinePerfModel({
    gpu: gpuOf("h200_sxm")!,
    backend: "vllm",
    model: catalogueModel(model)!,
    tensorParallelSize,
    attentionDataParallelSize: 1,
    expertTensorParallelSize: 1,
    expertParallelSize: 1,
    draftTokens: 0,
  });
  const nothing = { prefillRequests: 1, prefillTokens: 0, prefillPrefixTokens: 0 };
  return forwardPassMs(step, { ...nothing, decodeRequests: 8, decodeKvTokens: 8000 });
}

const pass = (decodeRequests: number) => ({ prefillTokens: 0, decodeRequests, decodeKvTokens: 1000 * decodeRequests });

describe("pass times a planner starts from", () => {
  it("are those of the deployment it names, whatever the engine is", async () => {
    for (const tp of [1, 2]) {
      const { found } = await estimates({ aic_perf_model: { ...spec, decode_pick: { tp } } });
      expect(found!.prefill).toBeUndefined();
      expect(found!.decode!.passMs(pass(8))).toBe(decodeMs(tp));
    }
    expect(decodeMs(2)).toBeLessThan(decodeMs(1));
  });

  it("are corrected by what is seen, up to as many sequences as an engine without a bound may have", async () => {
    const { found } = await estimates({}, { max_num_seqs: null });
    const modelled = found!.decode!.passMs(pass(400))!;
    for (let i = 0; i < 5; i++) found!.decode!.learn(pass(400), 2 * modelled);
    expect(found!.decode!.passMs(pass(400))).toBeCloseTo(2 * modelled, 9);
  });

  it("are none without a forecast of latencies, nor without a deployment", async () => {
    expect((await estimates({ optimization_target: "throughput" })).found).toBeUndefined();
    expect((await estimates({ aic_perf_model: null })).found).toBeUndefined();
  });

  it("say what is wrong with the deployment", async () => {
    const unknown = await estimates({ aic_perf_model: { ...spec, hf_id: "nobody/knows", backend_version: "newest" } });
    expect(unknown.found).toEqual({});
    expect(unknown.problems).toEqual([
      expect.stringMatching(/^--planner-config aic_perf_model\.backend_version: "newest" is no release of vllm/),
      expect.stringMatching(/^--planner-config aic_perf_model\.hf_id: unknown model "nobody\/knows"/),
    ]);
    const heads = await estimates({ aic_perf_model: { ...spec, decode_pick: { tp: 3 } } });
    expect(heads.problems).toEqual([expect.stringMatching(/^--planner-config aic_perf_model.*: found 3, but .* 32 /)]);
  });
});
