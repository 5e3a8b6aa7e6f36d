import type { AttentionQuantization, CacheQuantization, ExpertQuantization, GemmQuantization } from "./quantization.ts";

/** The dimensions of a transformer that decide how long a pass takes and how much memory it needs. */
export interface ModelShape {
  /** Hugging Face id, or the folder it was read from. */
  readonly name: string;
  readonly layers: number;
  readonly hiddenSize: number;
  readonly vocabularySize: number;
  readonly attention: GroupedQueryAttention | LatentAttention;
  readonly feedForward: DenseFeedForward | ExpertFeedForward;
  /** It takes images, too; only its text is priced. */
  readonly seesImages: boolean;
  readonly quantization: ModelQuantization;
}

/** Multi-head attention with shared key-value heads. */
export interface GroupedQueryAttention {
  readonly kind: "grouped-query";
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly headDimension: number;
  /** Queries and keys are normalised (Qwen3). */
  readonly normalizesQueryAndKey: boolean;
  /** A gate as wide as the queries scales the output (Qwen3.5). */
  readonly gatesOutput: boolean;
  /** Layers that see only the last `tokens`; null = none. */
  readonly slidingWindow: { readonly tokens: number; readonly layers: number } | null;
  /** Layers with linear attention (a fixed-size state) instead; null = none. */
  readonly linear: LinearAttention | null;
}

/** Gated linear attention layers (Qwen3.5, Qwen3-Next). */
export interface LinearAttention {
  readonly layers: number;
  readonly keyHeads: number;
  readonly valueHeads: number;
  readonly headDimension: number;
}

/** Multi-head latent attention (DeepSeek). */
export interface LatentAttention {
  readonly kind: "latent";
  readonly heads: number;
  /** Rank of the queries' down projection; 0 = they are projected at once (DeepSeek-V2-Lite). */
  readonly queryRank: number;
  readonly keyValueRank: number;
  readonly plainDimension: number;
  readonly rotaryDimension: number;
  readonly valueDimension: number;
  /** Sparse attention looks at this many tokens at most; null = all. */
  readonly sparseTokens: number | null;
  /** Heads by which it picks them, and the width of their key, which is cached beside the rest; 0 without it. */
  readonly indexHeads: number;
  readonly indexDimension: number;
  /** Width of a head as the configuration has it: what activations are estimated from. */
  readonly headDimension: number;
}

/** One gated feed-forward network a layer. */
export interface DenseFeedForward {
  readonly kind: "dense";
  readonly intermediateSize: number;
}

/** Mixture of experts in every layer. */
export interface ExpertFeedForward {
  readonly kind: "experts";
  readonly experts: number;
  readonly expertsPerToken: number;
  readonly intermediateSize: number;
  /** Intermediate size of the experts every token passes; 0 = none. */
  readonly sharedIntermediateSize: number;
}

/** How weights and the key-value cache are stored and what is computed in which precision. */
export interface ModelQuantization {
  readonly gemm: GemmQuantization;
  readonly experts: ExpertQuantization;
  readonly cache: CacheQuantization;
  /** Attention arithmetic where the backend can; vLLM computes it in bfloat16 whatever this says. */
  readonly attention: AttentionQuantization;
  /** Projections before the attention stay in bfloat16 although `gemm` is quantised. */
  readonly attentionProjections: GemmQuantization;
  /** The same of the attention's output projection, and of all projections of linear attention. */
  readonly outputProjection: GemmQuantization;
  readonly linearProjections: GemmQuantization;
  /** Experts that every token passes. */
  readonly sharedExperts: GemmQuantization;
}
