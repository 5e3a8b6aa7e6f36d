import type { Gpu } from "../gpu.ts";
import type { LatentAttention } from "../model-shape.ts";

/** One GPU's share of a latent attention block, projections included. */
export interface LatentShare {
  readonly attention: LatentAttention;
  /** Heads of this GPU. */
  readonly heads: number;
  readonly hiddenSize: number;
  readonly bytesPerWeight: number;
  /** Peak rate of the projections' arithmetic, FLOP/s. */
  readonly flops: number;
  readonly cacheBytes: number;
}

/** Weights of the block on one GPU: down projections whole, the rest by heads. */
export function latentWeights({
  attention,
  heads,
  hiddenSize,
}: Pick<LatentShare, "attention" | "heads" | "hiddenSize">): number {
  const { queryRank, keyValueRank, plainDimension, rotaryDimension, valueDimension } = attention;
  const queries = heads * (plainDimension + rotaryDimension);
  return (
    hiddenSize * (queryRank + keyValueRank + rotaryDimension) +
    (queryRank > 0 ? queryRank : hiddenSize) * queries +
    keyValueRank * heads * (plainDimension + valueDimension) +
    heads * valueDimension * hiddenSize
  );
}

/** Bytes of a token in the index of sparse attention: its key in 8 bits, and a scale per 128 numbers; 0 without one. */
export function indexBytesPerToken({ indexDimension }: LatentAttention): number {
  return indexDimension + 4 * Math.ceil(indexDimension / 128);
}

/**
 * A prefill pass of one latent attention block, in seconds.
 * @param constants start (µs), projection compute efficiency, memory efficiency, tokens/10 at half efficiency, score
 *   efficiency, sequence length at half of it, share of re-expanding the cached prefix
 */
export function latentPrefillSeconds(
  constants: readonly number[],
  gpu: Gpu,
  share: LatentShare,
  requests: number,
  newTokens: number,
  prefixTokens: number,
): number {
  const {
    0: start,
    1: efficiency,
    2: memoryEfficiency,
    3: halfTokens,
    4: scores,
    5: halfLength,
    6: expansion,
  } = constants as Constants;
  const { attention, heads } = share;
  const tokens = requests * newTokens;
  const length = newTokens + prefixTokens;
  const weights = latentWeights(share);
  const compute = ((2 * tokens * weights) / (share.flops * efficiency)) * (1 + (halfTokens * 10) / tokens);
  const memory = (weights * share.bytesPerWeight) / (gpu.memoryBandwidth * memoryEfficiency);
  const width = attention.plainDimension + attention.rotaryDimension + attention.valueDimension;
  const pairs = length * length - prefixTokens * prefixTokens;
  const attend = (requests * heads * pairs * width) / ((gpu.bf16Flops * scores * length) / (length + halfLength));
  const expanded =
    requests * prefixTokens * attention.keyValueRank * heads * (attention.plainDimension + attention.valueDimension);
  const expand = (expansion * 2 * expanded) / gpu.bf16Flops;
  return start * 1e-6 + (compute ** 4 + memory ** 4) ** 0.25 + attend + expand;
}

/**
 * A decode pass of one latent attention block, in seconds.
 * @param constants start (µs), projection compute efficiency, memory efficiency, score efficiency, cache bandwidth
 *   efficiency, sharpness of their joint − 1, cost (µs) per 64 requests
 */
export function latentDecodeSeconds(
  constants: readonly number[],
  gpu: Gpu,
  share: LatentShare,
  requests: number,
  contextTokens: number,
): number {
  const {
    0: start,
    1: efficiency,
    2: memoryEfficiency,
    3: scores,
    4: cacheEfficiency,
    5: sharpness,
    6: perRequest,
  } = constants as Constants;
  const weights = latentWeights(share);
  const compute = (2 * requests * weights) / (share.flops * efficiency);
  const memory = (weights * share.bytesPerWeight) / (gpu.memoryBandwidth * memoryEfficiency);
  const attend = latentAttendSeconds(gpu, share, requests, contextTokens, scores, cacheEfficiency, sharpness);
  const work = (compute ** 4 + memory ** 4) ** 0.25 + attend;
  return Math.hypot(start * 1e-6, work) + (perRequest * 1e-6 * requests) / 64;
}

/** A token of each request attending to `seenTokens` in the compressed cache: scores and reading side by side, seconds. */
export function latentAttendSeconds(
  gpu: Gpu,
  { attention, heads, cacheBytes }: LatentShare,
  requests: number,
  seenTokens: number,
  scores: number,
  cacheEfficiency: number,
  sharpness: number,
): number {
  const { keyValueRank, rotaryDimension } = attention;
  const width = 2 * keyValueRank + rotaryDimension;
  const score = (2 * requests * heads * seenTokens * width) / (gpu.bf16Flops * scores);
  const cached = requests * seenTokens * (keyValueRank + rotaryDimension) * cacheBytes;
  const read = cached / (gpu.memoryBandwidth * cacheEfficiency);
  const power = 1 + sharpness;
  const larger = Math.max(score, read);
  return larger === 0 ? 0 : larger * ((score / larger) ** power + (read / larger) ** power) ** (1 / power);
}

type Constants = readonly [number, number, number, number, number, number, number];
