import type { Json } from "./config-fields.ts";
import { ModelConfigError, objectOf } from "./config-fields.ts";
import { quantizationFrom } from "./model-name.ts";
import type { ModelQuantization } from "./model-shape.ts";
import type { ExpertQuantization, GemmQuantization } from "./quantization.ts";

/** How many layers have which attention. */
interface LayerCounts {
  readonly softmax: number;
  readonly linear: number;
}

interface Form {
  readonly gemm: GemmQuantization;
  readonly experts: ExpertQuantization;
}

/**
 * How a checkpoint is quantised, from the quantization_config of its config.json or from hf_quant_config.json.
 * @param text the part of config that describes the language model
 * @param counts layers with softmax attention, and with linear attention
 * @param separate parsed hf_quant_config.json (NVIDIA's checkpoints), or null
 * @throws ModelConfigError when the method is not known
 */
export function configuredQuantization(
  config: Json,
  text: Json,
  separate: Json | null,
  counts: LayerCounts,
): ModelQuantization {
  const section = objectOf(separate?.["quantization"]) ?? {};
  const inside = objectOf(config["quantization_config"]) ?? objectOf(text["quantization_config"]) ?? {};
  const { gemm, experts } = formOf(section, inside);
  const quantization = {
    ...quantizationFrom(gemm, experts),
    ...mixedParts(section, inside),
    ...keptParts([inside, section], counts),
  };
  const cache = section["kv_cache_quant_algo"] ?? inside["kv_cache_quant_algo"];
  if (typeof cache !== "string") return quantization;
  return { ...quantization, cache: cache.toLowerCase().includes("fp8") ? "fp8" : "bfloat16" };
}

function formOf(section: Json, inside: Json): Form {
  const algorithm = String(section["quant_algo"] ?? inside["quant_algo"] ?? inside["quant_method"] ?? "").toLowerCase();
  if (algorithm === "") return { gemm: "bfloat16", experts: "bfloat16" };
  if (algorithm === "mixed_precision") return mixedPrecision(section, inside);
  const named = namedForm(algorithm, inside);
  if (named !== null) return named;
  if (algorithm === "compressed-tensors") return compressedTensors(inside);
  throw new ModelConfigError(
    `quantization "${algorithm}" is not known; known are fp8, nvfp4, mxfp4, awq, gptq, bitsandbytes, int8 and compressed-tensors`,
  );
}

function namedForm(algorithm: string, inside: Json): Form | null {
  const has = (...words: string[]) => words.some((word) => algorithm.includes(word));
  if (has("nvfp4") || algorithm === "fp4") return { gemm: "nvfp4", experts: "nvfp4" };
  if (has("mxfp4")) return { gemm: "bfloat16", experts: "w4a16_mxfp4" };
  if (has("awq", "gptq", "int4", "w4a16", "w4a8")) return { gemm: "int4_wo", experts: "int4_wo" };
  if (has("bitsandbytes")) {
    const form = inside["load_in_4bit"] === true ? "int4_wo" : "int8_wo";
    return { gemm: form, experts: form };
  }
  if (has("int8", "w8a16", "w8a8_sq", "smoothquant")) return { gemm: "int8_wo", experts: "int8_wo" };
  if (has("fp8")) {
    // "FP8_PB_WO": per block, weights only; Hugging Face's own spelling has weight_block_size.
    if (Array.isArray(inside["weight_block_size"]) || has("fp8_pb", "block")) {
      return { gemm: "fp8_block", experts: "fp8_block" };
    }
    const isDynamic = inside["activation_scheme"] === "dynamic" || has("fbgemm", "per_channel", "per_token");
    return { gemm: isDynamic ? "fp8" : "fp8_static", experts: "fp8" };
  }
  return null;
}

/** The modules of a checkpoint of NVIDIA's in which each has its own algorithm. */
function quantizedLayers(section: Json, inside: Json): Json {
  return objectOf(section["quantized_layers"]) ?? objectOf(inside["quantized_layers"]) ?? {};
}

/** What most experts have, and what most modules outside attention and experts have. */
function mixedPrecision(section: Json, inside: Json): Form {
  const parts = Object.values(modulesOf);
  const most = (wanted: (name: string) => boolean) => mostUsed(section, inside, wanted);
  const experts = most((name) => /expert/i.test(name) && !modulesOf.sharedExperts.test(name));
  const others =
    most((name) => !/expert/i.test(name) && !parts.some((modules) => modules.test(name))) ??
    most((name) => !/expert/i.test(name));
  const form = experts ?? others;
  if (form === null) throw new ModelConfigError('quantization "mixed_precision": no quantized_layers that are known');
  return { gemm: others?.gemm ?? "bfloat16", experts: form.experts };
}

/** What most of the modules with a wanted name have; null when there are none. */
function mostUsed(section: Json, inside: Json, wanted: (name: string) => boolean): Form | null {
  const counts = new Map<string, number>();
  for (const [name, value] of Object.entries(quantizedLayers(section, inside))) {
    if (!wanted(name)) continue;
    const algorithm = String(objectOf(value)?.["quant_algo"] ?? "").toLowerCase();
    counts.set(algorithm, (counts.get(algorithm) ?? 0) + 1);
  }
  const [algorithm] = [...counts].toSorted((a, b) => b[1] - a[1])[0] ?? [""];
  return namedForm(algorithm, inside);
}

/** The parts of a layer that have an algorithm of their own in such a checkpoint. */
function mixedParts(section: Json, inside: Json): Partial<Record<Part, GemmQuantization>> {
  const found = Object.entries(modulesOf).flatMap(([part, modules]) => {
    const form = mostUsed(section, inside, (name) => modules.test(name));
    return form === null ? [] : [[part, form.gemm] as const];
  });
  return Object.fromEntries(found);
}

function compressedTensors(inside: Json): Form {
  const group = Object.values(objectOf(inside["config_groups"]) ?? {})
    .map(objectOf)
    .find((value) => value !== null);
  const weights = objectOf(group?.["weights"]) ?? {};
  const activations = objectOf(group?.["input_activations"]);
  if (weights["num_bits"] === 4) {
    const isMxfp4 = String(inside["format"] ?? "").includes("mxfp4");
    if (isMxfp4) return { gemm: "bfloat16", experts: "w4a16_mxfp4" };
    const form = weights["type"] === "float" ? "nvfp4" : "int4_wo";
    return { gemm: form, experts: form };
  }
  if (weights["type"] === "int") return { gemm: "int8_wo", experts: "int8_wo" };
  if (weights["strategy"] === "block") return { gemm: "fp8_block", experts: "fp8_block" };
  return activations?.["dynamic"] === true ? { gemm: "fp8", experts: "fp8" } : { gemm: "fp8_static", experts: "fp8" };
}

type Part = "attentionProjections" | "outputProjection" | "linearProjections" | "sharedExperts";

/** Names of modules by the part of a layer they belong to; a block without a projection's name is all of it. */
const modulesOf: Readonly<Record<Part, RegExp>> = {
  attentionProjections:
    /(^|[^a-z_])(self_attn|attn|attention)([^a-z_]*$|[^a-z_]+(q|k|v|qkv|q_a|q_b|kv_a|kv_b|kv)_proj)/,
  outputProjection: /(^|[^a-z_])(self_attn|attn|attention)([^a-z_]*$|[^a-z_]+(o|out)_proj)/,
  linearProjections: /(^|[^a-z_])linear_attn([^a-z_]*$|[^a-z_]+\w*proj)/,
  sharedExperts: /(^|[^a-z_])shared_experts?([^a-z_]*$|[^a-z_]+\w*proj)/,
};

/** The parts of a layer that were left as they were: named for all layers, or for most. */
function keptParts(sections: readonly Json[], { softmax, linear }: LayerCounts): Partial<Record<Part, "bfloat16">> {
  const kept: Partial<Record<Part, "bfloat16">> = {};
  for (const section of sections) {
    const listed = section["ignore"] ?? section["exclude_modules"] ?? section["modules_to_not_convert"];
    if (!Array.isArray(listed)) continue;
    for (const [part, modules] of Object.entries(modulesOf)) {
      const numbers = listed
        .map(String)
        .filter((name) => modules.test(name))
        .map((name) => /\d+/.exec(name)?.[0]);
      const layers = part === "linearProjections" ? linear : part === "sharedExperts" ? softmax + linear : softmax;
      if (numbers.includes(undefined) || new Set(numbers).size > layers / 2) kept[part as Part] = "bfloat16";
    }
  }
  return kept;
}
