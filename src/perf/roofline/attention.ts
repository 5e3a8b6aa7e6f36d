import { keyValueHeadsPerGpu, type Deployment } from "../deployment.ts";
import { fp8FlopsOrBf16, type Gpu } from "../gpu.ts";
import type { GroupedQueryAttention } from "../model-shape.ts";
import { cacheBytes } from "../quantization.ts";
import { elementwiseSeconds } from "./elementwise.ts";

/** Bytes of the largest level-2 cache among the GPUs (Blackwell). */
const LARGEST_CACHE = 126e6;

/** One GPU's share of an attention layer. */
export interface AttentionShare {
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly headDimension: number;
  /** Bytes of a cached number: 1 or 2. */
  readonly cacheBytes: number;
  /** Scores are computed in FP8. */
  readonly fp8: boolean;
  readonly normalizesQueryAndKey: boolean;
}

/** What one GPU of a deployment has of an attention layer. */
export function attentionShare(
  { gpu, backend, model, tensorParallelSize }: Deployment,
  attention: GroupedQueryAttention,
): AttentionShare {
  const { quantization } = model;
  return {
    heads: attention.heads / tensorParallelSize,
    keyValueHeads: keyValueHeadsPerGpu(attention.keyValueHeads, tensorParallelSize),
    headDimension: attention.headDimension,
    cacheBytes: cacheBytes[quantization.cache],
    fp8: quantization.attention === "fp8" && quantization.cache === "fp8" && backend !== "vllm" && gpu.fp8Flops > 0,
    normalizesQueryAndKey: attention.normalizesQueryAndKey,
  };
}

/**
 * Prefill attention of one layer in seconds: compute- or memory-bound causal attention over `prefix + new` tokens, the
 * prefix's own triangle taken off, plus the constant for rotary embedding and cache writes that AIConfigurator adds
 * whatever the number of tokens (perf-model-reference §A).
 * @param constants start (µs), bf16 and fp8 efficiency, sequence length at half efficiency, work (requests · heads ·
 *   length / 1024) at half efficiency, factor for head dimensions below 128, memory efficiency, factor for windows
 * @param window tokens a query sees at most; null = all
 */
export function prefillAttentionSeconds(
  constants: readonly number[],
  gpu: Gpu,
  share: AttentionShare,
  requests: number,
  newTokens: number,
  prefixTokens: number,
  window: number | null,
): number {
  // By index: an array pattern goes through an iterator, a hundred thousand times a run.
  const {
    0: start,
    1: bf16,
    2: fp8,
    3: halfLength,
    4: halfWork,
    5: smallHeads,
    6: memoryEfficiency,
    7: windowed,
  } = constants as PrefillConstants;
  const { heads, keyValueHeads, headDimension, cacheBytes } = share;
  const length = newTokens + prefixTokens;
  const work = (requests * heads * length) / 1024;
  const flops = share.fp8 ? gpu.fp8Flops : gpu.bf16Flops;
  let efficiency = (share.fp8 ? fp8 : bf16) * (headDimension < 128 ? smallHeads : 1) * (work / (work + halfWork));
  let pairs = length * length;
  if (window === null) {
    efficiency *= length / (length + halfLength);
  } else {
    efficiency *= (windowed * window) / (window + halfLength);
    pairs = windowPairs(length, window);
  }
  const compute = (2 * requests * heads * headDimension * pairs) / (flops * efficiency);
  const bytes =
    requests * (4 * heads * length * headDimension + 2 * cacheBytes * keyValueHeads * length * headDimension);
  const memory = bytes / (gpu.memoryBandwidth * memoryEfficiency);
  const whole = start * 1e-6 + (compute ** 4 + memory ** 4) ** 0.25;
  const isNew = (length * length - prefixTokens * prefixTokens) / (length * length);
  return whole * isNew + rotaryAndCacheSeconds(gpu, share);
}

/** Twice the query-key pairs of a causal triangle cut to a window. */
function windowPairs(length: number, window: number): number {
  return length > window ? 2 * window * length - window * window : length * length;
}

/** Rotary embedding, cache writes and query-key norms of one layer, whatever the number of tokens (AIConfigurator). */
export function rotaryAndCacheSeconds(gpu: Gpu, share: AttentionShare): number {
  const queries = share.heads * share.headDimension;
  const keys = share.keyValueHeads * share.headDimension;
  const rotary = 2 * elementwiseSeconds(gpu, 2 * queries + 2 * keys);
  const cache = 2 * elementwiseSeconds(gpu, keys * (share.fp8 ? 1 : 2));
  const norms = 2 * (2 * elementwiseSeconds(gpu, 2 * queries) + 2 * elementwiseSeconds(gpu, 2 * keys));
  return 1.1 * (rotary + cache + (share.normalizesQueryAndKey ? norms : 0));
}

/**
 * Decode attention of one layer in seconds: a floor that grows with the square root of the context (one sequence's
 * blocks are read one after the other), joined with reading the cache and computing the scores; a cache that fits the
 * level-2 cache is read faster.
 * @param constants floor (µs), its growth (µs per √(1024 tokens)), sharpness of the joint − 1, memory efficiency, loss
 *   with few key-value heads, bf16 and fp8 compute efficiency, gain from the level-2 cache, its reach (1e6 bytes),
 *   factor of the memory efficiency with an FP8 cache, loss with many query heads
 */
export function decodeAttentionSeconds(
  constants: readonly number[],
  gpu: Gpu,
  share: AttentionShare,
  requests: number,
  contextTokens: number,
): number {
  const {
    0: floor,
    1: growth,
    2: sharpness,
    3: memoryEfficiency,
    4: fewHeads,
    5: bf16,
    6: fp8,
    7: gain,
    8: reach,
    9: fp8Memory,
    10: manyHeads,
  } = constants as DecodeConstants;
  const { heads, keyValueHeads, headDimension } = share;
  const isFp8 = share.cacheBytes === 1;
  const bytes =
    2 * requests * keyValueHeads * contextTokens * headDimension * share.cacheBytes +
    4 * requests * heads * headDimension;
  const cached = (bytes / (reach * 1e6)) ** 2;
  const bandwidth = memoryEfficiency * (isFp8 ? fp8Memory : 1) * (1 + gain / (1 + cached * cached));
  const spread = 1 + fewHeads / (10 * requests * keyValueHeads) + (manyHeads * requests * heads) / 4096;
  const memory = (bytes / (gpu.memoryBandwidth * bandwidth)) * spread;
  const flops = isFp8 ? fp8FlopsOrBf16(gpu) : gpu.bf16Flops;
  const compute = (4 * requests * heads * contextTokens * headDimension) / (flops * (isFp8 ? fp8 : bf16));
  const least = (floor + growth * Math.sqrt(contextTokens / 1024)) * 1e-6;
  const power = 1 + sharpness;
  const joined = (least ** power + (memory + compute) ** power) ** (1 / power);
  // Whatever the fit says, what no level-2 cache holds comes from memory.
  return bytes > LARGEST_CACHE ? Math.max(joined, bytes / gpu.memoryBandwidth) : joined;
}

type PrefillConstants = readonly [number, number, number, number, number, number, number, number];
type DecodeConstants = readonly [
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
];
