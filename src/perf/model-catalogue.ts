import type { ExpertFeedForward, GroupedQueryAttention, LatentAttention, ModelShape } from "./model-shape.ts";
import type { ExpertQuantization, GemmQuantization } from "./quantization.ts";

/** A known model: its shape but for the quantisation of a particular checkpoint. */
export interface CatalogueModel {
  readonly id: string;
  readonly shape: Omit<ModelShape, "name" | "quantization">;
  /** Quantisation of the checkpoint published under the id; bfloat16 unless said. */
  readonly native: GemmQuantization;
  /** The same for the experts where it differs. */
  readonly nativeExperts: ExpertQuantization | null;
  /** What a name ending in "FP8" stands for among checkpoints of this model. */
  readonly fp8: "fp8_static" | "fp8_block";
}

interface Extra {
  readonly native?: GemmQuantization;
  readonly nativeExperts?: ExpertQuantization;
  readonly fp8?: "fp8_static" | "fp8_block";
}

const qwen3: Partial<GroupedQueryAttention> = { normalizesQueryAndKey: true };
const blockwise: Extra = { fp8: "fp8_block" };

/** Shapes from the models' published config.json files. */
export const catalogue: readonly CatalogueModel[] = [
  dense("meta-llama/Llama-3.2-1B", 16, 2048, [32, 8, 64], 8192, 128_256),
  dense("meta-llama/Llama-3.2-3B", 28, 3072, [24, 8, 128], 8192, 128_256),
  dense("meta-llama/Llama-3.1-8B", 32, 4096, [32, 8, 128], 14_336, 128_256),
  dense("meta-llama/Llama-3.1-70B", 80, 8192, [64, 8, 128], 28_672, 128_256),
  dense("meta-llama/Llama-3.1-405B", 126, 16_384, [128, 8, 128], 53_248, 128_256),
  dense("meta-llama/Llama-3.3-70B", 80, 8192, [64, 8, 128], 28_672, 128_256),
  dense("meta-llama/Llama-3-8B", 32, 4096, [32, 8, 128], 14_336, 128_256),
  dense("meta-llama/Llama-3-70B", 80, 8192, [64, 8, 128], 28_672, 128_256),
  dense("meta-llama/Llama-2-7b", 32, 4096, [32, 32, 128], 11_008, 32_000),
  dense("meta-llama/Llama-2-13b", 40, 5120, [40, 40, 128], 13_824, 32_000),
  dense("meta-llama/Llama-2-70b", 80, 8192, [64, 8, 128], 28_672, 32_000),
  dense("deepseek-ai/DeepSeek-R1-Distill-Llama-8B", 32, 4096, [32, 8, 128], 14_336, 128_256),
  dense("deepseek-ai/DeepSeek-R1-Distill-Llama-70B", 80, 8192, [64, 8, 128], 28_672, 128_256),
  dense("deepseek-ai/DeepSeek-R1-Distill-Qwen-32B", 64, 5120, [40, 8, 128], 27_648, 152_064),
  dense("mistralai/Mistral-7B-v0.3", 32, 4096, [32, 8, 128], 14_336, 32_768),
  dense("mistralai/Mistral-Small-24B-2501", 40, 5120, [32, 8, 128], 32_768, 131_072),
  dense("microsoft/phi-4", 40, 5120, [40, 10, 128], 17_920, 100_352),
  dense("Qwen/Qwen2.5-0.5B", 24, 896, [14, 2, 64], 4864, 151_936),
  dense("Qwen/Qwen2.5-1.5B", 28, 1536, [12, 2, 128], 8960, 151_936),
  dense("Qwen/Qwen2.5-3B", 36, 2048, [16, 2, 128], 11_008, 151_936),
  dense("Qwen/Qwen2.5-7B", 28, 3584, [28, 4, 128], 18_944, 152_064),
  dense("Qwen/Qwen2.5-14B", 48, 5120, [40, 8, 128], 13_824, 152_064),
  dense("Qwen/Qwen2.5-32B", 64, 5120, [40, 8, 128], 27_648, 152_064),
  dense("Qwen/Qwen2.5-72B", 80, 8192, [64, 8, 128], 29_568, 152_064),
  dense("Qwen/QwQ-32B", 64, 5120, [40, 8, 128], 27_648, 152_064),
  dense("Qwen/Qwen3-0.6B", 28, 1024, [16, 8, 128], 3072, 151_936, blockwise, qwen3),
  dense("Qwen/Qwen3-1.7B", 28, 2048, [16, 8, 128], 6144, 151_936, blockwise, qwen3),
  dense("Qwen/Qwen3-4B", 36, 2560, [32, 8, 128], 9728, 151_936, blockwise, qwen3),
  dense("Qwen/Qwen3-8B", 36, 4096, [32, 8, 128], 12_288, 151_936, blockwise, qwen3),
  dense("Qwen/Qwen3-14B", 40, 5120, [40, 8, 128], 17_408, 151_936, blockwise, qwen3),
  dense("Qwen/Qwen3-32B", 64, 5120, [64, 8, 128], 25_600, 151_936, blockwise, qwen3),
  mixture("Qwen/Qwen3-30B-A3B", 48, 2048, [32, 4, 128], [128, 8, 768, 0], 151_936, blockwise, qwen3),
  mixture("Qwen/Qwen3-Coder-30B-A3B", 48, 2048, [32, 4, 128], [128, 8, 768, 0], 151_936, blockwise, qwen3),
  mixture("Qwen/Qwen3-235B-A22B", 94, 4096, [64, 4, 128], [128, 8, 1536, 0], 151_936, blockwise, qwen3),
  mixture("Qwen/Qwen3-Coder-480B-A35B", 62, 6144, [96, 8, 128], [160, 8, 2560, 0], 151_936, blockwise, qwen3),
  mixture("Qwen/Qwen3.5-35B-A3B", 40, 2048, [16, 2, 256], [256, 8, 512, 512], 248_320, blockwise, hybrid(30, 16, 32)),
  mixture(
    "Qwen/Qwen3.5-122B-A10B",
    48,
    3072,
    [32, 2, 256],
    [256, 8, 1024, 1024],
    248_320,
    blockwise,
    hybrid(36, 16, 64),
  ),
  mixture(
    "Qwen/Qwen3.5-397B-A17B",
    60,
    4096,
    [32, 2, 256],
    [512, 10, 1024, 1024],
    248_320,
    blockwise,
    hybrid(45, 16, 64),
  ),
  mixture("mistralai/Mixtral-8x7B-v0.1", 32, 4096, [32, 8, 128], [8, 2, 14_336, 0], 32_000),
  mixture("mistralai/Mixtral-8x22B-v0.1", 56, 6144, [48, 8, 128], [8, 2, 16_384, 0], 32_000),
  mixture(
    "openai/gpt-oss-20b",
    24,
    2880,
    [64, 8, 64],
    [32, 4, 2880, 0],
    201_088,
    { nativeExperts: "w4a16_mxfp4" },
    { slidingWindow: { tokens: 128, layers: 12 } },
  ),
  mixture(
    "openai/gpt-oss-120b",
    36,
    2880,
    [64, 8, 64],
    [128, 4, 2880, 0],
    201_088,
    { nativeExperts: "w4a16_mxfp4" },
    { slidingWindow: { tokens: 128, layers: 18 } },
  ),
  mixture("MiniMaxAI/MiniMax-M2", 62, 3072, [48, 8, 128], [256, 8, 1536, 0], 200_064, nativeBlockwise(), qwen3),
  mixture("MiniMaxAI/MiniMax-M2.5", 62, 3072, [48, 8, 128], [256, 8, 1536, 0], 200_064, nativeBlockwise(), qwen3),
  mixture("zai-org/GLM-4.5-Air", 46, 4096, [96, 8, 128], [128, 8, 1408, 1408], 151_552),
  latent("deepseek-ai/DeepSeek-V3", 61, 7168, 128, [256, 8, 2048, 2048], 129_280, nativeBlockwise()),
  latent("deepseek-ai/DeepSeek-V3.1", 61, 7168, 128, [256, 8, 2048, 2048], 129_280, nativeBlockwise()),
  latent("deepseek-ai/DeepSeek-R1", 61, 7168, 128, [256, 8, 2048, 2048], 129_280, nativeBlockwise()),
  latent("deepseek-ai/DeepSeek-V3.2", 61, 7168, 128, [256, 8, 2048, 2048], 129_280, nativeBlockwise(), {
    sparseTokens: 2048,
  }),
  latent("moonshotai/Kimi-K2", 61, 7168, 64, [384, 8, 2048, 2048], 163_840, nativeBlockwise()),
  latent("moonshotai/Kimi-K2.5", 61, 7168, 64, [384, 8, 2048, 2048], 163_840, { nativeExperts: "int4_wo" }),
  latent("zai-org/GLM-5", 78, 6144, 64, [256, 8, 2048, 2048], 154_880, blockwise, {
    queryRank: 2048,
    plainDimension: 192,
    valueDimension: 256,
    sparseTokens: 2048,
  }),
];

function nativeBlockwise(): Extra {
  return { native: "fp8_block", fp8: "fp8_block" };
}

/** Three quarters of the layers carry linear attention, the others a gated one (Qwen3.5). */
function hybrid(layers: number, keyHeads: number, valueHeads: number): Partial<GroupedQueryAttention> {
  return {
    normalizesQueryAndKey: true,
    gatesOutput: true,
    linear: { layers, keyHeads, valueHeads, headDimension: 128 },
  };
}

function dense(
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

function mixture(
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

function latent(
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

function entry(id: string, extra: Extra, shape: CatalogueModel["shape"]): CatalogueModel {
  return {
    id,
    shape,
    native: extra.native ?? "bfloat16",
    nativeExperts: extra.nativeExperts ?? null,
    fp8: extra.fp8 ?? "fp8_static",
  };
}
