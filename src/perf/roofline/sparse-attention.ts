import { fp8FlopsOrBf16, type Gpu } from "../gpu.ts";
import { indexBytesPerToken, latentAttendSeconds, latentWeights } from "./latent-attention.ts";
import type { LatentShare } from "./latent-attention.ts";

/**
 * A prefill pass of one latent attention block with DeepSeek's sparse attention, in seconds. Sequences no longer than
 * what it looks at are attended to whole; beyond that an index scores every earlier token, and each query gathers the
 * best of them one by one.
 * @param constants start (µs), projection compute efficiency, µs per 1000 tokens, the same beyond the limit, index
 *   efficiency, score efficiency of whole sequences, sharpness of start and work − 1, heads a kernel works on for
 *   nothing, score efficiency of gathered tokens, memory efficiency
 */
export function sparsePrefillSeconds(
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
    2: perToken,
    3: perGatheringToken,
    4: indexing,
    5: wholeScores,
    6: sharpness,
    7: idleHeads,
    8: gatheredScores,
    9: memoryEfficiency,
  } = constants as PrefillConstants;
  const { attention, heads } = share;
  const tokens = requests * newTokens;
  const length = newTokens + prefixTokens;
  const limit = attention.sparseTokens ?? Infinity;
  const pairs = requests * (length * length - prefixTokens * prefixTokens);
  const width = attention.plainDimension + attention.rotaryDimension + attention.valueDimension;
  const whole = (seen: number) => (heads * seen * width) / (gpu.bf16Flops * wholeScores);
  let attend = whole(pairs);
  if (length > limit) {
    const { indexHeads, indexDimension } = attention;
    const scored = (pairs * indexHeads * indexDimension) / (fp8FlopsOrBf16(gpu) * indexing);
    const absorbed = 2 * attention.keyValueRank + attention.rotaryDimension;
    const gathered =
      ((heads + idleHeads) * 2 * limit * tokens * absorbed) / (gpu.bf16Flops * gatheredScores) +
      tokens * perGatheringToken * 1e-9;
    // Never less than the same tokens would have taken just below the limit.
    attend = scored + Math.max(gathered, whole(requests * Math.min(newTokens, limit) * limit));
  }
  const work = projectionSeconds(share, gpu, tokens, efficiency, memoryEfficiency) + attend + tokens * perToken * 1e-9;
  const power = 1 + sharpness;
  return ((start * 1e-6) ** power + work ** power) ** (1 / power);
}

/**
 * A decode pass of the same, in seconds.
 * @param constants start (µs), projection compute efficiency, memory efficiency, score efficiency, cache bandwidth
 *   efficiency, sharpness of their joint − 1, cost (µs) per 64 requests, bandwidth efficiency of the index, what
 *   picking tokens costs (µs)
 */
export function sparseDecodeSeconds(
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
    7: indexEfficiency,
    8: picking,
  } = constants as DecodeConstants;
  const { attention } = share;
  const limit = attention.sparseTokens ?? Infinity;
  const seen = Math.min(contextTokens, limit);
  const attend = latentAttendSeconds(gpu, share, requests, seen, scores, cacheEfficiency, sharpness);
  const work = projectionSeconds(share, gpu, requests, efficiency, memoryEfficiency) + attend;
  const index =
    contextTokens > limit
      ? (requests * contextTokens * indexBytesPerToken(attention)) / (gpu.memoryBandwidth * indexEfficiency) +
        picking * 1e-6
      : 0;
  return Math.hypot(start * 1e-6, work) + index + (perRequest * 1e-6 * requests) / 64;
}

/** Projections of the block and of its index, which every GPU holds whole. */
function projectionSeconds(
  share: LatentShare,
  gpu: Gpu,
  tokens: number,
  efficiency: number,
  memoryEfficiency: number,
): number {
  const { queryRank, indexHeads, indexDimension } = share.attention;
  const index = indexHeads * queryRank * indexDimension + share.hiddenSize * (indexHeads + indexDimension);
  const weights = latentWeights(share) + index;
  const compute = (2 * tokens * weights) / (share.flops * efficiency);
  const memory = (weights * share.bytesPerWeight) / (gpu.memoryBandwidth * memoryEfficiency);
  return (compute ** 4 + memory ** 4) ** 0.25;
}

type PrefillConstants = readonly [...DecodeConstants, number];
type DecodeConstants = readonly [number, number, number, number, number, number, number, number, number];
