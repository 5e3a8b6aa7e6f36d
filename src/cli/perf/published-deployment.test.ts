import { describe, expect, it } from "vitest";
import { cellReader } from "../../perf/check/truth-table.ts";
import { deploymentTable } from "../../../test/deployment-table.ts";
import { publishedDeployment } from "./published-deployment.ts";

const read = (changes: Record<string, string>) => publishedDeployment(cellReader(deploymentTable(changes)), 0);

/** A row that must be readable. */
function described(changes: Record<string, string>) {
  const found = read(changes);
  if (typeof found === "string") throw new Error(found);
  return found;
}

describe("publishedDeployment", () => {
  it("drives InferenceMAX rows as its client does and AIConfigurator's own as theirs", () => {
    expect(described({}).recipe).toEqual({ rounds: 10, lengths: "below", waitPasses: 0, deliveryPasses: 0 });
    expect(described({ backend: "sglang" }).recipe.deliveryPasses).toBe(30);
    const own = { silicon_data_source: "source_file=/x/aic-auto-gap-analysis/data/a.csv; silicon_concurrency=8" };
    expect(described(own).recipe.lengths).toBe("around");
    expect(described({ ...own, backend: "sglang" }).recipe).toEqual({
      rounds: 4,
      lengths: "equal",
      waitPasses: 0,
      deliveryPasses: 0,
    });
  });

  it("takes the concurrency from the source, else from the batch", () => {
    expect(described({ silicon_data_source: "db-dump; silicon_concurrency=48" }).concurrency).toBe(48);
    expect(described({ silicon_data_source: "db-dump", batch_size: "12" }).concurrency).toBe(12);
  });

  it("counts GPUs once where a row multiplies a width twice", () => {
    const split = (changes: Record<string, string>) => described({ model_path: "MiniMaxAI/MiniMax-M2.5", ...changes });
    const doubled = split({ tp_size: "4", attention_dp_size: "4", moe_tp_size: "1", moe_ep_size: "16" });
    expect(doubled.engineArgs).toMatchObject({ aic_tp_size: 4, aic_moe_tp_size: 1, aic_moe_ep_size: 4 });
    expect(doubled.engineArgs).not.toHaveProperty("aic_attention_dp_size");
    const squared = split({ tp_size: "1", attention_dp_size: "16", moe_tp_size: "4", moe_ep_size: "4" });
    expect(squared.engineArgs).toMatchObject({ aic_tp_size: 1, aic_attention_dp_size: 4, aic_moe_ep_size: 4 });
    const wide = split({ tp_size: "64", attention_dp_size: "1", moe_tp_size: "8", moe_ep_size: "8" });
    expect(wide.engineArgs).toMatchObject({ aic_tp_size: 8, aic_moe_tp_size: 1, aic_moe_ep_size: 8 });
    expect(read({ tp_size: "12", attention_dp_size: "1", moe_tp_size: "12", moe_ep_size: "1" })).toMatch(/8 GPUs/);
  });

  it("serves checkpoints as they are published", () => {
    const args = (changes: Record<string, string>) => described(changes).engineArgs;
    const gptOss = { model_path: "openai/gpt-oss-120b", gemm_quant_mode: "nvfp4", moe_quant_mode: "nvfp4" };
    expect(args(gptOss)).not.toHaveProperty("aic_gemm_dtype");
    expect(args(gptOss)).not.toHaveProperty("aic_moe_dtype");
    expect(args({ ...gptOss, system: "b200_sxm" })).toMatchObject({
      aic_moe_dtype: "nvfp4",
      aic_kv_cache_dtype: "fp8",
    });
    expect(args({ model_path: "meta-llama/Llama-3.1-70B", gemm_quant_mode: "fp8" })).toMatchObject({
      aic_gemm_dtype: "fp8_static",
      aic_kv_cache_dtype: "fp8",
    });
  });

  it("knows vLLM before 0.14 by its version, or by having none", () => {
    expect(described({ backend_version: "0.12.0" }).runtime).toBe("vllm-serial");
    expect(described({ backend_version: "" }).runtime).toBe("vllm-serial");
    expect(described({ backend_version: "0.19.0" }).runtime).toBe("vllm");
    expect(described({ backend: "trtllm", backend_version: "1.0.0rc3" }).runtime).toBe("trtllm");
  });
});
