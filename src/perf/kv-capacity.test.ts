import { describe, expect, it } from "vitest";
import { ProblemList } from "../config/config-error.ts";
import { validateEngineArgs } from "../config/engine-args.ts";
import type { BackendName } from "./backend.ts";
import { gpuOf } from "./gpu.ts";
import { kvCapacity } from "./kv-capacity.ts";
import { catalogueModel } from "./model-name.ts";
import { resolveEnginePerformance } from "./resolve.ts";

/** Key-value blocks the arguments come to. */
async function blocks(aic: Record<string, unknown>): Promise<number | null> {
  const problems = new ProblemList();
  const size = aic["aic_backend"] === "sglang" ? { sglang: { page_size: 64 } } : { block_size: 64 };
  const args = validateEngineArgs(
    { engine_type: aic["aic_backend"], ...size, ...aic },
    "--extra-engine-args",
    "aggregated",
    problems,
  );
  problems.throwIfAny();
  return (await resolveEnginePerformance(args!)).numGpuBlocks;
}

describe("key-value blocks of a GPU equal aiconfigurator-core 0.12.0's", () => {
  it.each([
    // Sparse attention: an index beside the cache, whole on every GPU; shared experts are split as the others.
    ["deepseek-ai/DeepSeek-V3.2", "h200_sxm", "vllm", 8, [8, 1], 11_783],
    ["deepseek-ai/DeepSeek-V3.2", "h200_sxm", "vllm", 8, [1, 8], 12_094],
    ["nvidia/GLM-5.2-NVFP4", "b200_sxm", "vllm", 8, [8, 1], 25_543],
    // A sequence's state of linear attention.
    ["Qwen/Qwen3.5-35B-A3B", "h200_sxm", "vllm", 1, [1, 1], 47_642],
    ["Qwen/Qwen3.5-27B", "h200_sxm", "sglang", 4, null, 108_787],
    // Models that see images.
    ["Qwen/Qwen3-VL-32B-Instruct", "h200_sxm", "vllm", 1, null, 3912],
    // Parts that a checkpoint leaves in 16 bits.
    ["nvidia/DeepSeek-V3.1-NVFP4", "h200_sxm", "vllm", 4, [4, 1], 10_231],
    ["nvidia/Kimi-K2.6-NVFP4", "b200_sxm", "vllm", 4, [4, 1], 3918],
    ["nvidia/Qwen3.5-397B-A17B-NVFP4", "b200_sxm", "vllm", 4, [4, 1], 222_942],
  ] as const)("%s on %s, %s, %i GPUs, experts split %j", async (model, system, backend, gpus, split, expected) => {
    const experts = split === null ? {} : { aic_moe_tp_size: split[0], aic_moe_ep_size: split[1] };
    const aic = { aic_backend: backend, aic_system: system, aic_model_path: model, aic_tp_size: gpus, ...experts };
    expect(await blocks(aic)).toBe(expected);
  });
});

// perf-model-reference §A, KV capacity.
describe("memory beside weights and cache", () => {
  const capacity = (backend: BackendName, tensorParallelSize: number, maxTokensPerPass: number) =>
    kvCapacity(
      {
        gpu: gpuOf("h200_sxm")!,
        backend,
        model: catalogueModel("meta-llama/Llama-3.1-8B")!,
        tensorParallelSize,
        attentionDataParallelSize: 1,
        expertTensorParallelSize: 1,
        expertParallelSize: 1,
        draftTokens: 0,
      },
      maxTokensPerPass,
      0.9,
    );
  const mebibytes = (bytes: number) => bytes / 2 ** 20;

  it("grows with the largest pass, and is never less than a floor", () => {
    const width = 32 * 128;
    for (const [backend, coefficients, floor, factor] of [
      ["vllm", [11, 6.5, 5, 5], 70, 1],
      ["trtllm", [11, 6.5, 5, 5], 70, 1],
      ["sglang", [14, 8.5, 6.5, 6.5], 90, 1.15],
    ] as const) {
      for (const [index, tensorParallelSize] of [1, 2, 4, 8].entries()) {
        const { activationsBytes } = capacity(backend, tensorParallelSize, 8192);
        expect(activationsBytes).toBeCloseTo(2 * 8192 * width * coefficients[index]! * factor, 0);
        expect(mebibytes(capacity(backend, tensorParallelSize, 16).activationsBytes)).toBeCloseTo(floor * factor, 6);
      }
    }
  });

  it("has buffers of collectives and a reserve", () => {
    const buffers = [1, 2, 4, 8].map((gpus) => mebibytes(capacity("vllm", gpus, 8192).communicationBytes));
    expect(buffers).toEqual([0, 342, 392, 392]);
    expect(mebibytes(capacity("vllm", 1, 8192).runtimeBytes)).toBeCloseTo(3584, 6);
    expect(mebibytes(capacity("sglang", 1, 8192).runtimeBytes)).toBeCloseTo(3584 * 1.2, 6);
  });
});
