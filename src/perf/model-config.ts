import type { GroupedQueryAttention, LatentAttention, ModelShape } from "./model-shape.ts";
import type { Json } from "./config-fields.ts";
import { ModelConfigError, neededNumber as need, objectOf, optionalNumber as optional } from "./config-fields.ts";
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
 * @throws ModelConfigError when a needed key is absent or of the wrong type, or layers are of a kind that has no price
 */
export function modelFromConfig(name: string, config: Json, quantization: Json | null): ModelShape {
  const given = objectOf(config["text_config"]) ?? config;
  const text = { ...familyDefaults[String(given["model_type"])], ...given };
  refuseUnpriced(text);
  const layers = need(text, ["num_hidden_layers", "n_layer"]);
  const hiddenSize = need(text, ["hidden_size", "n_embd"]);
  const heads = need(text, ["num_attention_heads", "n_head"]);
  const experts = optional(text, ["n_routed_experts", "num_local_experts", "num_experts"]);
  const attention =
    optional(text, ["kv_lora_rank"]) === null
      ? groupedQuery(text, heads, hiddenSize, layers)
      : latent(text, heads, hiddenSize);
  const linear = attention.kind === "grouped-query" ? (attention.linear?.layers ?? 0) : 0;
  return {
    name,
    layers,
    hiddenSize,
    vocabularySize: need({ ...config, ...text }, ["vocab_size"]),
    attention,
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
    seesImages: objectOf(config["vision_config"]) !== null,
    quantization: configuredQuantization(config, text, quantization, { softmax: layers - linear, linear }),
  };
}

/** Keys that only configurations with layers of other kinds have. */
const unpriced: readonly (readonly [kind: string, keys: readonly string[]])[] = [
  ["state-space layers", ["hybrid_override_pattern", "ssm_state_size", "mamba_d_state", "mamba_n_heads", "state_size"]],
  ["layers that differ in size", ["block_configs"]],
  ["compressed attention", ["compress_ratios"]],
  ["linear attention beside latent attention", ["linear_attn_config"]],
  ["block-sparse attention", ["sparse_attention_config"]],
  ["windowed layers with heads of their own", ["swa_head_dim", "global_head_dim"]],
];

/** Better no price than that of another model. */
function refuseUnpriced(text: Json): void {
  const given = (key: string) => text[key] !== undefined && text[key] !== null;
  const found = unpriced.flatMap(([kind, keys]) => {
    const key = keys.find(given);
    return key === undefined ? [] : [`${kind} (${key})`];
  });
  const step = optional(text, ["interleave_moe_layer_step"]) ?? 1;
  if (step > 1) found.push(`experts in one of ${step} layers (interleave_moe_layer_step)`);
  if (found.length === 0) return;
  throw new ModelConfigError(
    `it has ${found.join(" and ")}, which are not priced; measured passes of it can be given as planner_profile_data`,
  );
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

function latent(text: Json, heads: number, hiddenSize: number): LatentAttention {
  const sparseTokens = optional(text, ["index_topk"]);
  return {
    kind: "latent",
    heads,
    queryRank: optional(text, ["q_lora_rank"]) ?? 0,
    keyValueRank: need(text, ["kv_lora_rank"]),
    plainDimension: need(text, ["qk_nope_head_dim"]),
    rotaryDimension: need(text, ["qk_rope_head_dim"]),
    valueDimension: need(text, ["v_head_dim"]),
    sparseTokens,
    indexHeads: sparseTokens === null ? 0 : (optional(text, ["index_n_heads"]) ?? 64),
    indexDimension: sparseTokens === null ? 0 : (optional(text, ["index_head_dim"]) ?? 128),
    headDimension: optional(text, ["head_dim"]) ?? hiddenSize / heads,
  };
}

function sharedSize(text: Json): number {
  const given = optional(text, ["shared_expert_intermediate_size"]);
  if (given !== null) return given;
  const count = optional(text, ["n_shared_experts", "num_shared_experts"]) ?? 0;
  return count * (optional(text, ["moe_intermediate_size", "intermediate_size"]) ?? 0);
}
