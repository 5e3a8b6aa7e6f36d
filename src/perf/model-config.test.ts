import { describe, expect, it } from "vitest";
import { gpuOf } from "./gpu.ts";
import { kvCapacity } from "./kv-capacity.ts";
import { modelFromConfig } from "./model-config.ts";
import type { ModelShape } from "./model-shape.ts";
import { StepModel } from "./step-model.ts";
import { RooflinePricer } from "./roofline/roofline-pricer.ts";

const llama = {
  model_type: "llama",
  num_hidden_layers: 32,
  hidden_size: 4096,
  num_attention_heads: 32,
  num_key_value_heads: 8,
  intermediate_size: 14_336,
  vocab_size: 128_256,
};
const deepSeek = {
  model_type: "deepseek_v2",
  num_hidden_layers: 27,
  hidden_size: 2048,
  num_attention_heads: 16,
  q_lora_rank: null,
  kv_lora_rank: 512,
  qk_nope_head_dim: 128,
  qk_rope_head_dim: 64,
  v_head_dim: 128,
  n_routed_experts: 64,
  num_experts_per_tok: 6,
  moe_intermediate_size: 1408,
  n_shared_experts: 2,
  intermediate_size: 10_944,
  vocab_size: 102_400,
};
const shape = (config: object, quantization: object | null = null) =>
  modelFromConfig("folder", config as Record<string, unknown>, quantization as Record<string, unknown> | null);
const grouped = (model: ModelShape) => {
  if (model.attention.kind !== "grouped-query") throw new Error("latent");
  return model.attention;
};

describe("modelFromConfig", () => {
  it("reads windows as each family writes them", () => {
    const windows = (config: object) => grouped(shape({ ...llama, ...config })).slidingWindow;
    expect(windows({})).toBeNull();
    expect(windows({ model_type: "mistral", sliding_window: null })).toBeNull();
    expect(windows({ model_type: "mistral", sliding_window: 4096 })).toEqual({ tokens: 4096, layers: 32 });
    expect(windows({ model_type: "qwen2", sliding_window: 131_072, use_sliding_window: false })).toBeNull();
    expect(windows({ model_type: "gemma2", sliding_window: 4096 })).toEqual({ tokens: 4096, layers: 16 });
    expect(windows({ sliding_window: 512, sliding_window_pattern: 6 })).toEqual({ tokens: 512, layers: 27 });
    const types = Array.from({ length: 32 }, (_, i) => (i % 2 === 0 ? "sliding_attention" : "full_attention"));
    expect(windows({ sliding_window: 128, layer_types: types })).toEqual({ tokens: 128, layers: 16 });
    const chunked = Array.from({ length: 32 }, (_, i) => (i % 4 < 3 ? "chunked_attention" : "full_attention"));
    expect(windows({ attention_chunk_size: 8192, layer_types: chunked })).toEqual({ tokens: 8192, layers: 24 });
  });

  it("knows what Gemma 3 leaves out, inside text_config", () => {
    const text = { model_type: "gemma3_text", hidden_size: 2560, intermediate_size: 10_240, num_hidden_layers: 34 };
    const model = shape({ model_type: "gemma3", text_config: { ...text, sliding_window: 1024 } });
    expect(model.vocabularySize).toBe(262_208);
    expect(grouped(model)).toMatchObject({
      heads: 8,
      keyValueHeads: 4,
      headDimension: 256,
      normalizesQueryAndKey: true,
    });
    expect(grouped(model).slidingWindow).toEqual({ tokens: 1024, layers: 29 });
  });

  it("reads latent attention without a query rank, and shared experts", () => {
    const model = shape(deepSeek);
    expect(model.attention).toMatchObject({ kind: "latent", queryRank: 0, keyValueRank: 512 });
    expect(model.feedForward).toEqual({
      kind: "experts",
      experts: 64,
      expertsPerToken: 6,
      intermediateSize: 1408,
      sharedIntermediateSize: 2816,
    });
  });

  it("reads mixtures under each family's keys", () => {
    const mixtral = shape({ ...llama, num_local_experts: 8, num_experts_per_tok: 2 }).feedForward;
    expect(mixtral).toMatchObject({ experts: 8, expertsPerToken: 2, intermediateSize: 14_336 });
    const qwen = { num_experts: 60, num_experts_per_tok: 4, moe_intermediate_size: 1408 };
    const shared = shape({ ...llama, ...qwen, shared_expert_intermediate_size: 5632 }).feedForward;
    expect(shared).toMatchObject({ experts: 60, sharedIntermediateSize: 5632 });
    expect(shape({ ...llama, num_experts: 0 }).feedForward.kind).toBe("dense");
  });

  it.each([
    [{}, null, ["bfloat16", "bfloat16", "bfloat16", "bfloat16"]],
    [{ quant_method: "fp8", activation_scheme: "static" }, null, ["fp8_static", "fp8", "fp8_static", "fp8"]],
    [{ quant_method: "fp8", activation_scheme: "dynamic" }, null, ["fp8", "fp8", "fp8", "fp8"]],
    [{ quant_method: "fbgemm_fp8" }, null, ["fp8", "fp8", "fp8", "fp8"]],
    [{ quant_method: "fp8", weight_block_size: [128, 128] }, null, ["fp8_block", "fp8_block", "fp8_block", "fp8"]],
    [{ quant_method: "mxfp4" }, null, ["bfloat16", "w4a16_mxfp4", "bfloat16", "bfloat16"]],
    [{ quant_method: "gptq", bits: 4 }, null, ["int4_wo", "int4_wo", "int4_wo", "bfloat16"]],
    [{ quant_method: "bitsandbytes", load_in_4bit: true }, null, ["int4_wo", "int4_wo", "int4_wo", "bfloat16"]],
    [{}, { quant_algo: "FP8", kv_cache_quant_algo: "FP8" }, ["fp8_static", "fp8", "fp8_static", "fp8"]],
    [{}, { quant_algo: "NVFP4", kv_cache_quant_algo: "none" }, ["nvfp4", "nvfp4", "nvfp4", "bfloat16"]],
    [{}, { quant_algo: "FP8_PB_WO" }, ["fp8_block", "fp8_block", "fp8_block", "fp8"]],
    [{}, { quant_algo: "NVFP4", exclude_modules: ["lm_head", "*self_attn*"] }, ["nvfp4", "nvfp4", "bfloat16", "fp8"]],
    [
      {},
      { quant_algo: "NVFP4", exclude_modules: ["model.layers.3.self_attn.q_proj"] },
      ["nvfp4", "nvfp4", "nvfp4", "fp8"],
    ],
    [
      {
        quant_method: "fp8",
        weight_block_size: [128, 128],
        modules_to_not_convert: ["model.layers.0.post_attention_layernorm"],
      },
      null,
      ["fp8_block", "fp8_block", "fp8_block", "fp8"],
    ],
    [
      { quant_method: "compressed-tensors", config_groups: { group_0: { weights: { num_bits: 4, type: "float" } } } },
      null,
      ["nvfp4", "nvfp4", "nvfp4", "fp8"],
    ],
    [
      {},
      {
        quant_algo: "MIXED_PRECISION",
        quantized_layers: {
          "model.layers.0.self_attn.q_proj": { quant_algo: "FP8" },
          "model.layers.0.mlp.experts.0.up_proj": { quant_algo: "NVFP4" },
        },
      },
      ["fp8_static", "nvfp4", "fp8_static", "fp8"],
    ],
  ])("reads the quantisation %j, %j", (inside, separate, expected) => {
    const config = Object.keys(inside).length === 0 ? llama : { ...llama, quantization_config: inside };
    const { gemm, experts, attentionProjections, cache } = shape(
      config,
      separate === null ? null : { quantization: separate },
    ).quantization;
    expect([gemm, experts, attentionProjections, cache]).toEqual(expected);
  });

  it.each([
    [{ ...llama, num_hidden_layers: undefined }, /no num_hidden_layers or n_layer/],
    [{ ...llama, num_hidden_layers: 0 }, /num_hidden_layers: found 0, expected more/],
    [{ ...llama, hidden_size: "4096" }, /hidden_size: found "4096", expected a number/],
    [{ ...llama, intermediate_size: [1, 2] }, /intermediate_size: found \[1,2\], expected a number/],
    [{ ...llama, num_local_experts: 8 }, /no num_experts_per_tok/],
    [{ ...llama, quantization_config: { quant_method: "hqq" } }, /quantization "hqq" is not known; known are fp8/],
    [{ ...llama, quantization_config: { quant_algo: "MIXED_PRECISION" } }, /no quantized_layers/],
  ])("says what is wrong with a config (%#)", (config, message) => {
    expect(() => shape(config)).toThrow(message);
  });

  it.each([
    [{ ...llama, hybrid_override_pattern: "M-M*-" }, /state-space layers \(hybrid_override_pattern\)/],
    [{ ...deepSeek, compress_ratios: [4, 128] }, /compressed attention/],
    [{ ...llama, block_configs: [{}] }, /layers that differ in size/],
    [{ ...llama, num_local_experts: 128, interleave_moe_layer_step: 2 }, /experts in one of 2 layers/],
    [{ ...llama, global_head_dim: 512, sparse_attention_config: {} }, /block-sparse .* and windowed layers with heads/],
  ])("refuses layers of a kind it has no price for (%#)", (config, message) => {
    expect(() => shape(config)).toThrow(message);
    expect(() => shape(config)).toThrow("planner_profile_data");
  });

  it("reads which parts a checkpoint leaves in 16 bits", () => {
    const { quantization } = shape(deepSeek, {
      quantization: {
        quant_algo: "NVFP4",
        exclude_modules: Array.from({ length: 27 }, (_, i) => [
          `model.layers.${i}.self_attn.q_a_proj`,
          `model.layers.${i}.self_attn.q_a_layernorm`,
          `model.layers.${i}.mlp.shared_experts*`,
        ]).flat(),
      },
    });
    expect(quantization).toMatchObject({
      gemm: "nvfp4",
      attentionProjections: "bfloat16",
      outputProjection: "nvfp4",
      sharedExperts: "bfloat16",
    });
  });

  it("counts the layers of each kind of attention when it asks whether most are left alone", () => {
    const types = Array.from({ length: 32 }, (_, i) => (i % 4 === 3 ? "full_attention" : "linear_attention"));
    const linear = { linear_num_key_heads: 16, linear_num_value_heads: 32, linear_value_head_dim: 128 };
    const kept = [3, 7, 11, 15, 19].map((i) => `model.layers.${i}.self_attn*`);
    const { quantization } = shape(
      { ...llama, layer_types: types, ...linear },
      { quantization: { quant_algo: "NVFP4", exclude_modules: kept } },
    );
    expect(quantization).toMatchObject({ attentionProjections: "bfloat16", linearProjections: "nvfp4" });
  });

  it("reads what most modules of each part have in a checkpoint of mixed precision", () => {
    const layers = {
      "model.layers.0.mlp.down_proj": { quant_algo: "FP8" },
      "model.layers.0.mlp.gate_proj": { quant_algo: "W4A16_NVFP4" },
      "model.layers.0.mlp.up_proj": { quant_algo: "W4A16_NVFP4" },
      "model.layers.1.self_attn.q_proj": { quant_algo: "NVFP4" },
      "model.layers.2.self_attn.q_proj": { quant_algo: "FP8" },
      "model.layers.0.self_attn.q_proj": { quant_algo: "FP8" },
      "model.layers.0.self_attn.o_proj": { quant_algo: "FP8" },
      "model.layers.0.linear_attn.out_proj": { quant_algo: "FP8" },
    };
    const { quantization } = shape(llama, {
      quantization: { quant_algo: "MIXED_PRECISION", quantized_layers: layers },
    });
    expect(quantization).toMatchObject({
      gemm: "nvfp4",
      attentionProjections: "fp8_static",
      outputProjection: "fp8_static",
      linearProjections: "fp8_static",
      sharedExperts: "nvfp4",
    });
  });

  it.each([
    ["windows everywhere", { ...llama, sliding_window: 4096 }],
    ["windows in five of six layers", { ...llama, sliding_window: 512, sliding_window_pattern: 6 }],
    ["latent attention without a query rank", deepSeek],
    ["one key-value head", { ...llama, num_key_value_heads: 1 }],
    [
      "MXFP4 experts",
      { ...llama, num_local_experts: 32, num_experts_per_tok: 4, quantization_config: { quant_method: "mxfp4" } },
    ],
  ])("prices a model with %s", (_, config) => {
    for (const backend of ["vllm", "trtllm", "sglang"] as const) {
      const model = shape(config);
      const split = model.feedForward.kind === "experts" ? 2 : 1;
      const deployment = {
        gpu: gpuOf("h200")!,
        backend,
        model,
        tensorParallelSize: 2,
        attentionDataParallelSize: 1,
        expertTensorParallelSize: split,
        expertParallelSize: 1,
        draftTokens: 0,
      };
      const step = new StepModel(deployment, new RooflinePricer(deployment));
      expect(step.decodeMs(8, 8192)).toBeGreaterThan(0.5);
      expect(step.decodeMs(64, 8192)).toBeGreaterThan(step.decodeMs(8, 1024));
      expect(step.prefillMs(1, 8192, 0)).toBeGreaterThan(step.prefillMs(1, 1024, 0));
      const { tokens } = kvCapacity(deployment, 8192, 0.9);
      expect(tokens).toBeGreaterThan(100_000);
      expect(tokens).toBeLessThan(1e8);
    }
  });
});
