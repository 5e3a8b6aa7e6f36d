import { nearestName } from "../config/nearest-name.ts";
import type { CatalogueModel } from "./catalogue-model.ts";
import { catalogue } from "./model-catalogue.ts";
import type { ModelQuantization, ModelShape } from "./model-shape.ts";
import type { ExpertQuantization, GemmQuantization } from "./quantization.ts";

/** Parts of a checkpoint's name that say nothing of its shape. */
const training =
  /^(meta|instruct|chat|base|hf|it|thinking|sft|dpo|preview|pt|turbo|25\d\d|24\d\d|05\d\d|1106|0528|0324)$/;
/** Parts that say how it is quantised. */
const quantised =
  /^(fp8|fp4|nvfp4|mxfp4|bf16|bfloat16|fp16|awq|gptq|int4|int8|w4a16|w8a8|w8a16|dynamic|static|pertensor|tensor|per|block|kv|g128|autoround)$/;

/**
 * The model of a Hugging Face id (or its last part), case, separators, "-Instruct" and the like aside; the
 * quantisation follows the name's ending. Null when it is not in the catalogue.
 */
export function catalogueModel(name: string): ModelShape | null {
  const parts = partsOf(name);
  const wanted = shapeKey(parts);
  const found = catalogue.find((model) => shapeKey(partsOf(model.id)) === wanted);
  if (found === undefined) return null;
  return { name, ...found.shape, quantization: quantizationFor(found, name, parts) };
}

/** Catalogue ids most like a name, best first. */
export function similarModels(name: string): string[] {
  const nearest = nearestName(
    shapeKey(partsOf(name)),
    catalogue.map(({ id }) => shapeKey(partsOf(id))),
  );
  const family = /^[a-z]+/.exec(shapeKey(partsOf(name)))?.[0] ?? "";
  const ids = catalogue.map(({ id }) => id);
  const near = ids.filter((id) => shapeKey(partsOf(id)) === nearest);
  const relatives = ids.filter((id) => family.length >= 3 && shapeKey(partsOf(id)).startsWith(family));
  return [...new Set([...near, ...relatives])].slice(0, 6);
}

/** The whole quantisation of a checkpoint, from the form of its weights, as AIConfigurator infers it. */
export function quantizationFrom(gemm: GemmQuantization, experts: ExpertQuantization): ModelQuantization {
  const low = gemm === "fp8" || gemm === "fp8_static" || gemm === "fp8_block" || gemm === "nvfp4";
  return {
    gemm,
    experts,
    cache: low ? "fp8" : "bfloat16",
    attention: low ? "fp8" : "bfloat16",
    attentionProjections: gemm,
    outputProjection: gemm,
    linearProjections: gemm,
    sharedExperts: gemm,
  };
}

function partsOf(name: string): string[] {
  const last = name.replace(/\/+$/, "").split("/").at(-1) ?? name;
  return last.toLowerCase().split(/[-_\s]+/);
}

/** What is left of a name when training stage and quantisation are taken away, without separators. */
function shapeKey(parts: readonly string[]): string {
  return parts
    .filter((part) => !training.test(part) && !quantised.test(part))
    .join("")
    .replaceAll(/[^a-z0-9.]/g, "")
    .replace(/v0\.\d$/, "");
}

function quantizationFor(model: CatalogueModel, name: string, parts: readonly string[]): ModelQuantization {
  const has = (part: string) => parts.includes(part);
  if (has("bf16") || has("bfloat16") || has("fp16")) return quantizationFrom("bfloat16", "bfloat16");
  if (has("nvfp4") || has("fp4")) return { ...quantizationFrom("nvfp4", "nvfp4"), ...model.nvfp4 };
  if (has("awq") || has("gptq") || has("int4") || has("w4a16")) return quantizationFrom("int4_wo", "int4_wo");
  if (has("int8") || has("w8a8") || has("w8a16")) return quantizationFrom("int8_wo", "int8_wo");
  if (has("fp8")) {
    if (has("dynamic")) return quantizationFrom("fp8", "fp8");
    const vendor = /^(nvidia|redhatai|neuralmagic|amd)\//i.test(name) || has("static") || has("pertensor");
    const form = vendor ? "fp8_static" : model.fp8;
    return quantizationFrom(form, form === "fp8_static" ? "fp8" : form);
  }
  const native = quantizationFrom(model.native, model.nativeExperts ?? expertsLike(model.native));
  return native;
}

function expertsLike(gemm: GemmQuantization): ExpertQuantization {
  return gemm === "fp8_static" ? "fp8" : gemm;
}
