import type {
  ExpertFeedForward,
  GroupedQueryAttention,
  LatentAttention,
  ModelQuantization,
  ModelShape,
} from "./model-shape.ts";
import type { ExpertQuantization, GemmQuantization } from "./quantization.ts";

/** A known model: its shape but for the quantisation of a particular checkpoint. */
export interface CatalogueModel {
  readonly id: string;
  readonly shape: Omit<ModelShape, "name" | "quantization">;
  /** Quantisation of the checkpoint published under the id; bfloat16 unless said. */
  readonly native: GemmQuantization;
  /** The same for the experts where it differs. */
  readonly nativeExperts: ExpertQuantization | null;
  /** What NVIDIA's NVFP4 checkpoint keeps in another form. */
  readonly nvfp4: Partial<ModelQuantization>;
  /** What a name ending in "FP8" stands for among checkpoints of this model. */
  readonly fp8: "fp8_static" | "fp8_block";
}

/** What a checkpoint says beyond its shape; left out = plain bfloat16. */
export interface Extra {
  readonly native?: GemmQuantization;
  readonly nativeExperts?: ExpertQuantization;
  readonly nvfp4?: Partial<ModelQuantization>;
  readonly fp8?: "fp8_static" | "fp8_block";
}

/**
 * A dense model with grouped-query attention.
 * @param heads heads, key-value heads, width of a head
 */
export function dense(
  id: string,
  layers: number,
  hiddenSize: number,
  heads: readonly [number, number, number],
  intermediateSize: number,
  vocabularySize: number,
  extra: Extra = {},
  attention: Partial<GroupedQueryAttention> = {},
): CatalogueModel {
  return entry(id, extra, {
    layers,
    hiddenSize,
    vocabularySize,
    attention: groupedQuery(heads, attention),
    feedForward: { kind: "dense", intermediateSize },
  });
}

/**
 * A mixture of experts with grouped-query attention.
 * @param heads heads, key-value heads, width of a head
 * @param experts experts, experts a token, their intermediate size, that of the shared ones together
 */
export function mixture(
  id: string,
  layers: number,
  hiddenSize: number,
  heads: readonly [number, number, number],
  experts: readonly [number, number, number, number],
  vocabularySize: number,
  extra: Extra = {},
  attention: Partial<GroupedQueryAttention> = {},
): CatalogueModel {
  return entry(id, extra, {
    layers,
    hiddenSize,
    vocabularySize,
    attention: groupedQuery(heads, attention),
    feedForward: expertFeedForward(experts),
  });
}

/**
 * A mixture of experts with latent attention, of DeepSeek-V3's dimensions but for what `attention` says.
 * @param experts as for `mixture`
 */
export function latent(
  id: string,
  layers: number,
  hiddenSize: number,
  heads: number,
  experts: readonly [number, number, number, number],
  vocabularySize: number,
  extra: Extra = {},
  attention: Partial<LatentAttention> = {},
): CatalogueModel {
  const deepSeek: LatentAttention = {
    kind: "latent",
    heads,
    queryRank: 1536,
    keyValueRank: 512,
    plainDimension: 128,
    rotaryDimension: 64,
    valueDimension: 128,
    sparseTokens: null,
    indexHeads: 0,
    indexDimension: 0,
    headDimension: hiddenSize / heads,
  };
  return entry(id, extra, {
    layers,
    hiddenSize,
    vocabularySize,
    attention: { ...deepSeek, ...attention },
    feedForward: expertFeedForward(experts),
  });
}

function groupedQuery(
  [heads, keyValueHeads, headDimension]: readonly [number, number, number],
  more: Partial<GroupedQueryAttention>,
): GroupedQueryAttention {
  return {
    kind: "grouped-query",
    heads,
    keyValueHeads,
    headDimension,
    normalizesQueryAndKey: false,
    gatesOutput: false,
    slidingWindow: null,
    linear: null,
    ...more,
  };
}

function expertFeedForward([experts, expertsPerToken, intermediateSize, sharedIntermediateSize]: readonly [
  number,
  number,
  number,
  number,
]): ExpertFeedForward {
  return { kind: "experts", experts, expertsPerToken, intermediateSize, sharedIntermediateSize };
}

function entry(id: string, extra: Extra, shape: Omit<CatalogueModel["shape"], "seesImages">): CatalogueModel {
  return {
    id,
    shape: { ...shape, seesImages: false },
    native: extra.native ?? "bfloat16",
    nativeExperts: extra.nativeExperts ?? null,
    nvfp4: extra.nvfp4 ?? {},
    fp8: extra.fp8 ?? "fp8_static",
  };
}
