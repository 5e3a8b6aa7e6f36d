import type { GroupedQueryAttention, LatentAttention, ModelShape } from "./model-shape.ts";
import { quantizationFrom } from "./model-name.ts";
import type { ExpertQuantization, GemmQuantization } from "./quantization.ts";

/** A model's config.json that cannot be used; the message names the key. */
export class ModelConfigError extends Error {
  override readonly name = "ModelConfigError";
}

type Json = Readonly<Record<string, unknown>>;

/**
 * The shape a Hugging Face config.json describes, of the families Llama, Mistral, Qwen, Mixtral, Qwen-MoE, gpt-oss,
 * MiniMax, GLM and DeepSeek (grouped-query or latent attention, dense or mixture of experts).
 * @param config parsed config.json
 * @param quantization parsed hf_quant_config.json (NVIDIA's checkpoints), or null
 * @throws ModelConfigError when a needed key is absent or of the wrong type
 */
export function modelFromConfig(name: string, config: Json, quantization: Json | null): ModelShape {
  const text = object(config["text_config"]) ?? config;
  const layers = need(text, ["num_hidden_layers", "n_layer"]);
  const hiddenSize = need(text, ["hidden_size", "n_embd"]);
  const heads = need(text, ["num_attention_heads", "n_head"]);
  const experts = optional(text, ["n_routed_experts", "num_local_experts", "num_experts"]);
  const { gemm, expertForm } = quantizationForm(config, text, quantization);
  return {
    name,
    layers,
    hiddenSize,
    vocabularySize: need(text, ["vocab_size"]),
    attention:
      optional(text, ["kv_lora_rank"]) === null ? groupedQuery(text, heads, hiddenSize, layers) : latent(text, heads),
    feedForward:
      experts === null || experts <= 1
        ? { kind: "dense", intermediateSize: need(text, ["intermediate_size"]) }
        : {
            kind: "experts",
            experts,
            expertsPerToken: need(text, ["num_experts_per_tok", "num_experts_per_token", "experts_per_token"]),
            intermediateSize: need(text, ["moe_intermediate_size", "intermediate_size"]),
            sharedIntermediateSize: sharedSize(text),
          },
    quantization: quantizationFrom(gemm, expertForm),
  };
}

function groupedQuery(text: Json, heads: number, hiddenSize: number, layers: number): GroupedQueryAttention {
  const types = Array.isArray(text["layer_types"]) ? (text["layer_types"] as unknown[]) : [];
  const count = (word: string) => types.filter((type) => typeof type === "string" && type.includes(word)).length;
  const window = optional(text, ["sliding_window"]);
  const sliding = count("sliding");
  const linear = count("linear");
  const modelType = String(text["model_type"] ?? "");
  return {
    kind: "grouped-query",
    heads,
    keyValueHeads: optional(text, ["num_key_value_heads"]) ?? heads,
    headDimension: optional(text, ["head_dim"]) ?? hiddenSize / heads,
    normalizesQueryAndKey: text["use_qk_norm"] === true || modelType.startsWith("qwen3"),
    gatesOutput: text["attn_output_gate"] === true,
    slidingWindow: window !== null && sliding > 0 && sliding <= layers ? { tokens: window, layers: sliding } : null,
    linear:
      linear === 0
        ? null
        : {
            layers: linear,
            keyHeads: need(text, ["linear_num_key_heads"]),
            valueHeads: need(text, ["linear_num_value_heads"]),
            headDimension: need(text, ["linear_value_head_dim"]),
          },
  };
}

function latent(text: Json, heads: number): LatentAttention {
  return {
    kind: "latent",
    heads,
    queryRank: need(text, ["q_lora_rank"]),
    keyValueRank: need(text, ["kv_lora_rank"]),
    plainDimension: need(text, ["qk_nope_head_dim"]),
    rotaryDimension: need(text, ["qk_rope_head_dim"]),
    valueDimension: need(text, ["v_head_dim"]),
    sparseTokens: optional(text, ["index_topk"]),
  };
}

function sharedSize(text: Json): number {
  const given = optional(text, ["shared_expert_intermediate_size"]);
  if (given !== null) return given;
  const count = optional(text, ["n_shared_experts", "num_shared_experts"]) ?? 0;
  return count * (optional(text, ["moe_intermediate_size", "intermediate_size"]) ?? 0);
}

function quantizationForm(
  config: Json,
  text: Json,
  separate: Json | null,
): { gemm: GemmQuantization; expertForm: ExpertQuantization } {
  const section = object(separate?.["quantization"]) ?? {};
  const inside = object(config["quantization_config"]) ?? object(text["quantization_config"]) ?? {};
  const algorithm = String(section["quant_algo"] ?? inside["quant_algo"] ?? inside["quant_method"] ?? "").toLowerCase();
  if (algorithm === "") return { gemm: "bfloat16", expertForm: "bfloat16" };
  if (algorithm.includes("nvfp4") || algorithm === "fp4") return { gemm: "nvfp4", expertForm: "nvfp4" };
  if (algorithm.includes("mxfp4")) return { gemm: "bfloat16", expertForm: "w4a16_mxfp4" };
  if (
    algorithm.includes("awq") ||
    algorithm.includes("gptq") ||
    algorithm.includes("int4") ||
    algorithm.includes("w4a16")
  )
    return { gemm: "int4_wo", expertForm: "int4_wo" };
  if (algorithm.includes("fp8")) {
    if (Array.isArray(inside["weight_block_size"])) return { gemm: "fp8_block", expertForm: "fp8_block" };
    return inside["activation_scheme"] === "dynamic"
      ? { gemm: "fp8", expertForm: "fp8" }
      : { gemm: "fp8_static", expertForm: "fp8" };
  }
  if (algorithm === "compressed-tensors") return compressedTensors(inside);
  throw new ModelConfigError(
    `quantization "${algorithm}" is not known; known are fp8, nvfp4, mxfp4, awq, gptq and compressed-tensors`,
  );
}

function compressedTensors(inside: Json): { gemm: GemmQuantization; expertForm: ExpertQuantization } {
  const group = Object.values(object(inside["config_groups"]) ?? {})
    .map(object)
    .find((value) => value !== null);
  const weights = object(group?.["weights"]) ?? {};
  const activations = object(group?.["input_activations"]);
  const ignored = Array.isArray(inside["ignore"]) && inside["ignore"].some((name) => String(name).includes("attn"));
  if (weights["num_bits"] === 4) {
    const form = weights["type"] === "float" ? "nvfp4" : "int4_wo";
    return { gemm: ignored ? "bfloat16" : form, expertForm: form };
  }
  if (weights["type"] === "int") return { gemm: "int8_wo", expertForm: "int8_wo" };
  return activations?.["dynamic"] === true
    ? { gemm: "fp8", expertForm: "fp8" }
    : { gemm: "fp8_static", expertForm: "fp8" };
}

function object(value: unknown): Json | null {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : null;
}

function optional(text: Json, keys: readonly string[]): number | null {
  for (const key of keys) {
    const value = text[key];
    if (value === undefined || value === null) continue;
    if (typeof value !== "number" || !(value >= 0)) {
      throw new ModelConfigError(`${key}: found ${JSON.stringify(value)}, expected a number`);
    }
    return value;
  }
  return null;
}

function need(text: Json, keys: readonly string[]): number {
  const value = optional(text, keys);
  if (value === null) throw new ModelConfigError(`no ${keys.join(" or ")}`);
  return value;
}
