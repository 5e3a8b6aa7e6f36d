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

/** Dimensions every model has. */
interface Dimensions {
  readonly id: string;
  readonly layers: number;
  readonly hiddenSize: number;
  readonly vocabularySize: number;
}

/** Heads of grouped-query attention, and what else it does. */
interface GroupedHeads {
  readonly heads: { readonly query: number; readonly keyValue: number; readonly dimension: number };
  readonly attention?: Partial<GroupedQueryAttention>;
}

/** Experts of a layer; `sharedIntermediateSize` is that of the shared ones together, 0 = none. */
interface Experts {
  readonly count: number;
  readonly perToken: number;
  readonly intermediateSize: number;
  readonly sharedIntermediateSize: number;
}

/** A dense model with grouped-query attention. */
export function dense(
  model: Dimensions & GroupedHeads & Extra & { readonly intermediateSize: number },
): CatalogueModel {
  const { intermediateSize } = model;
  return entry(model, groupedQuery(model), { kind: "dense", intermediateSize });
}

/** A mixture of experts with grouped-query attention. */
export function mixture(model: Dimensions & GroupedHeads & Extra & { readonly experts: Experts }): CatalogueModel {
  return entry(model, groupedQuery(model), expertFeedForward(model.experts));
}

/** A mixture of experts with latent attention, of DeepSeek-V3's dimensions but for what `attention` says. */
export function latent(
  model: Dimensions &
    Extra & {
      readonly heads: number;
      readonly experts: Experts;
      readonly attention?: Partial<LatentAttention>;
    },
): CatalogueModel {
  const { heads, hiddenSize } = model;
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
  return entry(model, { ...deepSeek, ...model.attention }, expertFeedForward(model.experts));
}

function groupedQuery({ heads, attention }: GroupedHeads): GroupedQueryAttention {
  return {
    kind: "grouped-query",
    heads: heads.query,
    keyValueHeads: heads.keyValue,
    headDimension: heads.dimension,
    normalizesQueryAndKey: false,
    gatesOutput: false,
    slidingWindow: null,
    linear: null,
    ...attention,
  };
}

function expertFeedForward({ count, perToken, ...sizes }: Experts): ExpertFeedForward {
  return { kind: "experts", experts: count, expertsPerToken: perToken, ...sizes };
}

function entry(
  { id, layers, hiddenSize, vocabularySize, native, nativeExperts, nvfp4, fp8 }: Dimensions & Extra,
  attention: ModelShape["attention"],
  feedForward: ModelShape["feedForward"],
): CatalogueModel {
  return {
    id,
    shape: { layers, hiddenSize, vocabularySize, attention, feedForward, seesImages: false },
    native: native ?? "bfloat16",
    nativeExperts: nativeExperts ?? null,
    nvfp4: nvfp4 ?? {},
    fp8: fp8 ?? "fp8_static",
  };
}
