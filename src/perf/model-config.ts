import type { GroupedQueryAttention, LatentAttention, ModelShape } from "./model-shape.ts";
import type { Json } from "./config-fields.ts";
import { neededNumber as need, objectOf, optionalNumber as optional } from "./config-fields.ts";
import { configuredQuantization } from "./model-config-quantization.ts";

const gemma3 = {
  num_attention_heads: 8,
  num_key_value_heads: 4,
  head_dim: 256,
  vocab_size: 262_208,
  sliding_window_pattern: 6,
};

/** What published configs leave out because it is the family's default (transformers' configuration classes). */
const familyDefaults: Readonly<Record<string, Json>> = { gemma3_text: gemma3, gemma3 };

/**
 * The shape a Hugging Face config.json describes, of the families Llama, Mistral, Qwen, Mixtral, Qwen-MoE, gpt-oss,
 * Gemma, MiniMax, GLM and DeepSeek (grouped-query or latent attention, dense or mixture of experts). Layers are taken to
 * be alike: a mixture's few dense layers count as experts, as AIConfigurator counts them.
 * @param config parsed config.json
 * @param quantization parsed hf_quant_config.json (NVIDIA's checkpoints), or null
 * @throws ModelConfigError when a needed key is absent or of the wrong type
 */
export function modelFromConfig(name: string, config: Json, quantization: Json | null): ModelShape {
  const given = objectOf(config["text_config"]) ?? config;
  const text = { ...familyDefaults[String(given["model_type"])], ...given };
  const layers = need(text, ["num_hidden_layers", "n_layer"]);
  const hiddenSize = need(text, ["hidden_size", "n_embd"]);
  const heads = need(text, ["num_attention_heads", "n_head"]);
  const experts = optional(text, ["n_routed_experts", "num_local_experts", "num_experts"]);
  return {
    name,
    layers,
    hiddenSize,
    vocabularySize: need({ ...config, ...text }, ["vocab_size"]),
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
    quantization: configuredQuantization(config, text, quantization, layers),
  };
}

function groupedQuery(text: Json, heads: number, hiddenSize: number, layers: number): GroupedQueryAttention {
  const types = Array.isArray(text["layer_types"]) ? (text["layer_types"] as unknown[]) : [];
  const count = (word: string) => types.filter((type) => typeof type === "string" && type.includes(word)).length;
  const linear = count("linear");
  const modelType = String(text["model_type"] ?? "");
  return {
    kind: "grouped-query",
    heads,
    keyValueHeads: optional(text, ["num_key_value_heads", "num_kv_heads"]) || heads,
    headDimension: optional(text, ["head_dim"]) ?? hiddenSize / heads,
    normalizesQueryAndKey: text["use_qk_norm"] === true || /^(qwen3|gemma3|olmo2)/.test(modelType),
    gatesOutput: text["attn_output_gate"] === true,
    slidingWindow: slidingWindow(text, layers, types.length === 0 ? null : count("sliding") + count("chunked")),
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

/**
 * Layers that see only a window: those `layer_types` names; else all but every n-th (`sliding_window_pattern`, Gemma);
 * else every second one (Gemma 2); else all of them (Mistral 7B v0.1), unless the window is switched off (Qwen2).
 */
function slidingWindow(
  text: Json,
  layers: number,
  named: number | null,
): { readonly tokens: number; readonly layers: number } | null {
  const tokens = optional(text, ["sliding_window", "attention_chunk_size"]);
  if (tokens === null || tokens === 0 || text["use_sliding_window"] === false) return null;
  const pattern = optional(text, ["sliding_window_pattern", "_sliding_window_pattern"]);
  let windowed = named;
  if (windowed === null && pattern !== null && pattern > 1) windowed = layers - Math.floor(layers / pattern);
  if (windowed === null && text["model_type"] === "gemma2") windowed = Math.ceil(layers / 2);
  windowed ??= text["sliding_window"] === undefined ? 0 : layers;
  return windowed > 0 && windowed <= layers ? { tokens, layers: windowed } : null;
}

function latent(text: Json, heads: number): LatentAttention {
  return {
    kind: "latent",
    heads,
    queryRank: optional(text, ["q_lora_rank"]) ?? 0,
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
