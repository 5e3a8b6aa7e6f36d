import type { ComputeType } from "./gpu.ts";

/** How the weights of matrix multiplications are stored and computed; AIConfigurator's names. */
export const gemmQuantizations = ["bfloat16", "fp8", "fp8_static", "fp8_block", "nvfp4", "int8_wo", "int4_wo"] as const;
/** One of `gemmQuantizations`. */
export type GemmQuantization = (typeof gemmQuantizations)[number];

/** How the weights of mixture-of-experts layers are stored and computed; AIConfigurator's names. */
export const expertQuantizations = [
  "bfloat16",
  "fp8",
  "fp8_block",
  "nvfp4",
  "w4a16_mxfp4",
  "int8_wo",
  "int4_wo",
] as const;
/** One of `expertQuantizations`. */
export type ExpertQuantization = (typeof expertQuantizations)[number];

/** How keys and values are stored. */
export const cacheQuantizations = ["bfloat16", "fp8"] as const;
/** One of `cacheQuantizations`. */
export type CacheQuantization = (typeof cacheQuantizations)[number];

/** What attention over prompts is computed in. */
export const attentionQuantizations = ["bfloat16", "fp8"] as const;
/** One of `attentionQuantizations`. */
export type AttentionQuantization = (typeof attentionQuantizations)[number];

/** Bytes a weight takes, scales included where AIConfigurator counts them. */
export const weightBytes: Readonly<Record<GemmQuantization | ExpertQuantization, number>> = {
  bfloat16: 2,
  fp8: 1,
  fp8_static: 1,
  fp8_block: 1,
  nvfp4: 0.5625,
  w4a16_mxfp4: 0.5,
  int8_wo: 1,
  int4_wo: 0.5,
};

/** Bytes a number of the key-value cache takes. */
export const cacheBytes: Readonly<Record<CacheQuantization, number>> = { bfloat16: 2, fp8: 1 };

/** The arithmetic a quantisation computes in. */
export function computeType(quantization: GemmQuantization | ExpertQuantization): ComputeType {
  if (quantization === "nvfp4") return "fp4";
  return quantization === "fp8" || quantization === "fp8_static" || quantization === "fp8_block" ? "fp8" : "bf16";
}

const otherNames: Readonly<Record<string, string>> = {
  bf16: "bfloat16",
  fp16: "bfloat16",
  float16: "bfloat16",
  half: "bfloat16",
  auto: "bfloat16",
  fp8_e4m3: "fp8",
  float8: "fp8",
  mxfp4: "w4a16_mxfp4",
  fp4: "nvfp4",
  int8: "int8_wo",
  int4: "int4_wo",
};

/** The quantisation of a name among those allowed, common spellings included; null if unknown. */
export function quantizationOf<Name extends string>(name: string, allowed: readonly Name[]): Name | null {
  const plain = name.toLowerCase().replaceAll("-", "_");
  const known = allowed.find((candidate) => candidate === plain);
  return known ?? allowed.find((candidate) => candidate === otherNames[plain]) ?? null;
}
