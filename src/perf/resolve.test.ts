import { describe, expect, it } from "vitest";
import { ConfigError, ProblemList } from "../config/config-error.ts";
import { validateEngineArgs } from "../config/engine-args.ts";
import { gpus } from "./gpu.ts";
import { resolveEnginePerformance } from "./resolve.ts";

const guide = {
  aic_backend: "vllm",
  aic_system: "h200_sxm",
  aic_model_path: "nvidia/Llama-3.1-8B-Instruct-FP8",
  aic_tp_size: 1,
};

async function resolve(given: object) {
  const problems = new ProblemList();
  const args = validateEngineArgs(given, "--extra-engine-args", "aggregated", problems);
  problems.throwIfAny();
  return resolveEnginePerformance(args!);
}

async function complaint(given: object): Promise<string> {
  const error: unknown = await resolve(given).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ConfigError);
  return (error as ConfigError).message;
}

describe("resolveEnginePerformance", () => {
  it("keeps the polynomial without aic_backend", async () => {
    const { perfModel, numGpuBlocks } = await resolve({});
    expect(perfModel.provenance.kind).toBe("polynomial");
    expect(numGpuBlocks).toBeNull();
  });

  // aic-run-findings §4.
  it.each([
    [{}, 29_249],
    [{ block_size: 16 }, 116_997],
    [{ max_num_batched_tokens: 512 }, 29_407],
    [{ max_num_batched_tokens: 2048 }, 29_381],
    [{ max_num_batched_tokens: 16_384 }, 29_073],
    [{ gpu_memory_utilization: 0.8 }, 25_639],
    [{ gpu_memory_utilization: 0.5 }, 14_811],
    [{ gpu_memory_utilization: 0.95, block_size: 32 }, 62_108],
    [{ aic_tp_size: 2 }, 60_636],
    [{ aic_tp_size: 4, max_num_batched_tokens: 16_384 }, 123_164],
    [{ aic_backend: "trtllm", block_size: 64 }, 29_573],
    [{ num_gpu_blocks: 3000 }, 3000],
    [{ aic_nextn: 2 }, 29_249],
  ])("estimates the reference's blocks for %j", async (change, blocks) => {
    expect((await resolve({ ...guide, ...change })).numGpuBlocks).toBe(blocks);
  });

  it.each(["b200", "H100-SXM", "NVIDIA L40S", "rtx_4090", "gb300", "a30", "rtx_pro_6000"])(
    "knows the GPU %s",
    async (system) => {
      const { perfModel } = await resolve({ ...guide, aic_system: system });
      expect(perfModel.decodeMs(8, 1000, 0, 1)).toBeGreaterThan(1);
      expect(perfModel.prefillMs(1, 1000, 0)).toBeGreaterThan(1);
    },
  );

  it.each([
    "meta-llama/Llama-3.1-8B-Instruct",
    "meta-llama/Meta-Llama-3.1-8B",
    "RedHatAI/Meta-Llama-3.1-8B-Instruct-FP8-dynamic",
    "Qwen/Qwen3-32B-FP8",
    "Qwen/Qwen3-30B-A3B-Instruct-2507",
    "openai/gpt-oss-120b",
    "mistralai/Mixtral-8x7B-Instruct-v0.1",
    "nvidia/Qwen3-32B-NVFP4",
    "Qwen/Qwen2.5-7B-Instruct-AWQ",
  ])("knows the model %s on every backend", async (model) => {
    for (const backend of ["vllm", "trtllm", "sglang"]) {
      const given = { ...guide, aic_backend: backend, aic_model_path: model, aic_system: "b200", aic_tp_size: 2 };
      const { perfModel, numGpuBlocks } = await resolve(given);
      expect(perfModel.decodeMs(8, 1000, 0, 1)).toBeGreaterThan(0);
      expect(numGpuBlocks).toBeGreaterThan(0);
    }
  });

  it("scales pass times sensibly", async () => {
    const { perfModel } = await resolve(guide);
    expect(perfModel.decodeMs(64, 4000, 0, 1)).toBeGreaterThan(perfModel.decodeMs(8, 4000, 0, 1));
    expect(perfModel.decodeMs(8, 8000, 0, 1)).toBeGreaterThan(perfModel.decodeMs(8, 1000, 0, 1));
    expect(perfModel.prefillMs(1, 4000, 0)).toBeGreaterThan(perfModel.prefillMs(1, 1000, 0));
    expect(perfModel.prefillMs(1, 1000, 8000)).toBeGreaterThan(perfModel.prefillMs(1, 1000, 0));
    const split = (await resolve({ ...guide, aic_tp_size: 4 })).perfModel;
    expect(split.prefillMs(1, 4000, 0)).toBeLessThan(perfModel.prefillMs(1, 4000, 0));
    const drafting = (await resolve({ ...guide, aic_nextn: 2 })).perfModel;
    expect(drafting.decodeMs(8, 4000, 0, 1)).toBeGreaterThan(perfModel.decodeMs(8, 4000, 0, 1));
    expect(drafting.prefillMs(1, 4000, 0)).toBe(perfModel.prefillMs(1, 4000, 0));
  });

  it("adds what servers add when asked to, and says where that has no effect", async () => {
    const bare = (await resolve(guide)).perfModel;
    const { perfModel, notes } = await resolve({ ...guide, perf_overheads: "measured" });
    expect(notes).toEqual([]);
    expect(perfModel.provenance.kind).toBe("roofline");
    expect(perfModel.provenance.description).toMatch(/measured overheads of a vllm server/);
    expect(perfModel.decodeMs(8, 4000, 0, 1)).toBeGreaterThan(bare.decodeMs(8, 4000, 0, 1));
    const serial = await resolve({ ...guide, perf_overheads: "measured", aic_backend_version: "0.12.0" });
    expect(serial.perfModel.provenance.description).toMatch(/vllm-serial server/);
    const unseen = await resolve({ ...guide, aic_model_path: "Qwen/Qwen3-30B-A3B", perf_overheads: "measured" });
    expect(unseen.notes.join()).toMatch(/no server of this kind was measured under vllm/);
    expect((await resolve({ perf_overheads: "measured" })).notes.join()).toMatch(/no effect without aic_backend/);
  });

  it.each(gpus.flatMap(({ name }) => ["vllm", "trtllm", "sglang"].map((backend) => [name, backend] as const)))(
    "prices %s under %s, with overheads too",
    async (system, backend) => {
      for (const overheads of ["none", "measured"]) {
        const given = { ...guide, aic_system: system, aic_backend: backend, perf_overheads: overheads };
        const { perfModel, numGpuBlocks } = await resolve(given);
        expect(numGpuBlocks).toBeGreaterThan(0);
        expect(perfModel.decodeMs(8, 1000, 0, 1)).toBeGreaterThan(1);
        expect(perfModel.decodeMs(8, 1000, 0, 1)).toBeLessThan(60);
      }
    },
  );

  it("runs mixtures with attention data parallelism and expert groups", async () => {
    const given = {
      ...guide,
      aic_model_path: "deepseek-ai/DeepSeek-R1",
      aic_tp_size: 1,
      aic_attention_dp_size: 8,
      aic_moe_ep_size: 8,
    };
    const { perfModel, gpusPerWorker } = await resolve(given);
    expect(gpusPerWorker).toBe(8);
    expect(perfModel.decodeMs(8, 1000, 0, 1)).toBeGreaterThan(1);
  });

  it("reports every mistake at once", async () => {
    const message = await complaint({ aic_backend: "vlm", aic_system: "h20", aic_model_path: "Qwen/Qwen3-33B" });
    expect(message).toMatch(/aic_backend: found "vlm", expected one of "vllm", "trtllm", "sglang"/);
    expect(message).toMatch(/aic_system: unknown GPU "h20"/);
    expect(message).toMatch(/aic_model_path: unknown model "Qwen\/Qwen3-33B"; near it are .*Qwen\/Qwen3-32B/);
  });

  it.each([
    [{ aic_backend: "vllm" }, /aic_model_path: is missing[\s\S]*aic_system: is missing/],
    [{ ...guide, aic_tp_size: 3 }, /aic_tp_size: found 3, but .* has 32 attention heads/],
    [{ ...guide, aic_moe_ep_size: 2 }, /has no experts to split/],
    [{ ...guide, dp_size: 2 }, /dp_size: found 2, but aic_attention_dp_size is 1/],
    [{ ...guide, aic_gemm_dtype: "fp7" }, /aic_gemm_dtype: found "fp7", expected one of/],
    [
      { ...guide, aic_model_path: "Qwen/Qwen3-30B-A3B", aic_tp_size: 2, aic_moe_tp_size: 2, aic_moe_ep_size: 2 },
      /moe tp 2 × moe ep 2 must equal/,
    ],
    [
      { ...guide, aic_model_path: "meta-llama/Llama-3.1-405B" },
      /does not fit on 1 × h200_sxm: a GPU has 141\.0 GiB × 0\.9, less weights 75\d\.\d/,
    ],
    [
      { ...guide, aic_model_path: "Qwen/Qwen3-30B-A3B", aic_moe_ep_size: 2 },
      /aic_moe_ep_size: found 2, which does not divide aic_tp_size 1 × aic_attention_dp_size 1/,
    ],
    [
      { ...guide, aic_model_path: "Qwen/Qwen3-30B-A3B", aic_tp_size: 2, aic_moe_tp_size: 4 },
      /aic_moe_tp_size: found 4, which does not divide/,
    ],
    [{ ...guide, aic_system: "h2000" }, /aic_system: unknown GPU "h2000" \(did you mean "h200"\?\)/],
    [{ ...guide, dp_size: 4, aic_attention_dp_size: 2 }, /dp_size: found 4, but aic_attention_dp_size is 2/],
    [{ ...guide, aic_nextn: 6 }, /aic_nextn: found 6, expected a whole number from 1 to 5/],
    [{ ...guide, aic_nextn_accept_rates: "0.8" }, /aic_nextn_accept_rates: found "0.8", but it needs aic_nextn/],
    [{ ...guide, perf_overheads: "some" }, /perf_overheads: found "some", expected one of "none", "measured"/],
    [{ ...guide, perf_data: "/no/such/folder" }, /perf_data: \/no\/such\/folder: no AIConfigurator tables there/],
    [{ planner_profile_data: "/no/such/profile.npz" }, /planner_profile_data: \/no\/such\/profile\.npz/],
  ])("explains %j", async (given, message) => {
    expect(await complaint(given)).toMatch(message);
  });
});
