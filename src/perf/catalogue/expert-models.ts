import { latent, mixture } from "../catalogue-model.ts";
import type { CatalogueModel, Extra } from "../catalogue-model.ts";
import type { LatentAttention, ModelQuantization } from "../model-shape.ts";
import { attention, attentionAndShared, queriesAndKeys } from "./unquantized-parts.ts";

/** DeepSeek's sparse attention. */
const sparse: Partial<LatentAttention> = { sparseTokens: 2048, indexHeads: 64, indexDimension: 128 };
const nativeBlockwise: Extra = { native: "fp8_block", fp8: "fp8_block" };

/** Mixtures of experts but for Qwen's: Mixtral, gpt-oss, MiniMax, GLM, DeepSeek, Kimi. From their published config.json files. */
export const expertModels: readonly CatalogueModel[] = [
  mixture({
    id: "mistralai/Mixtral-8x7B-v0.1",
    layers: 32,
    hiddenSize: 4096,
    heads: { query: 32, keyValue: 8, dimension: 128 },
    experts: { count: 8, perToken: 2, intermediateSize: 14_336, sharedIntermediateSize: 0 },
    vocabularySize: 32_000,
  }),
  mixture({
    id: "mistralai/Mixtral-8x22B-v0.1",
    layers: 56,
    hiddenSize: 6144,
    heads: { query: 48, keyValue: 8, dimension: 128 },
    experts: { count: 8, perToken: 2, intermediateSize: 16_384, sharedIntermediateSize: 0 },
    vocabularySize: 32_000,
  }),
  mixture({
    id: "openai/gpt-oss-20b",
    layers: 24,
    hiddenSize: 2880,
    heads: { query: 64, keyValue: 8, dimension: 64 },
    experts: { count: 32, perToken: 4, intermediateSize: 2880, sharedIntermediateSize: 0 },
    vocabularySize: 201_088,
    nativeExperts: "w4a16_mxfp4",
    attention: { slidingWindow: { tokens: 128, layers: 12 } },
  }),
  mixture({
    id: "openai/gpt-oss-120b",
    layers: 36,
    hiddenSize: 2880,
    heads: { query: 64, keyValue: 8, dimension: 64 },
    experts: { count: 128, perToken: 4, intermediateSize: 2880, sharedIntermediateSize: 0 },
    vocabularySize: 201_088,
    nativeExperts: "w4a16_mxfp4",
    attention: { slidingWindow: { tokens: 128, layers: 18 } },
  }),
  ...["M2", "M2.5", "M2.7"].map((version) =>
    mixture({
      id: `MiniMaxAI/MiniMax-${version}`,
      layers: 62,
      hiddenSize: 3072,
      heads: { query: 48, keyValue: 8, dimension: 128 },
      experts: { count: 256, perToken: 8, intermediateSize: 1536, sharedIntermediateSize: 0 },
      vocabularySize: 200_064,
      ...nativeBlockwise,
      nvfp4: attention,
      attention: { normalizesQueryAndKey: true },
    }),
  ),
  mixture({
    id: "zai-org/GLM-4.5-Air",
    layers: 46,
    hiddenSize: 4096,
    heads: { query: 96, keyValue: 8, dimension: 128 },
    experts: { count: 128, perToken: 8, intermediateSize: 1408, sharedIntermediateSize: 1408 },
    vocabularySize: 151_552,
  }),
  latent({
    id: "deepseek-ai/DeepSeek-V3",
    layers: 61,
    hiddenSize: 7168,
    heads: 128,
    experts: { count: 256, perToken: 8, intermediateSize: 2048, sharedIntermediateSize: 2048 },
    vocabularySize: 129_280,
    ...nativeBlockwise,
  }),
  latent({
    id: "deepseek-ai/DeepSeek-R1",
    layers: 61,
    hiddenSize: 7168,
    heads: 128,
    experts: { count: 256, perToken: 8, intermediateSize: 2048, sharedIntermediateSize: 2048 },
    vocabularySize: 129_280,
    ...nativeBlockwise,
  }),
  latent({
    id: "deepseek-ai/DeepSeek-V3.1",
    layers: 61,
    hiddenSize: 7168,
    heads: 128,
    experts: { count: 256, perToken: 8, intermediateSize: 2048, sharedIntermediateSize: 2048 },
    vocabularySize: 129_280,
    ...nativeBlockwise,
    nvfp4: queriesAndKeys,
  }),
  latent({
    id: "deepseek-ai/DeepSeek-V3.2",
    layers: 61,
    hiddenSize: 7168,
    heads: 128,
    experts: { count: 256, perToken: 8, intermediateSize: 2048, sharedIntermediateSize: 2048 },
    vocabularySize: 129_280,
    ...nativeBlockwise,
    nvfp4: queriesAndKeys,
    attention: sparse,
  }),
  latent({
    id: "moonshotai/Kimi-K2",
    layers: 61,
    hiddenSize: 7168,
    heads: 64,
    experts: { count: 384, perToken: 8, intermediateSize: 2048, sharedIntermediateSize: 2048 },
    vocabularySize: 163_840,
    ...nativeBlockwise,
  }),
  kimi("moonshotai/Kimi-K2.5", attention),
  kimi("moonshotai/Kimi-K2.6", attentionAndShared),
  kimi("moonshotai/Kimi-K2.7-Code", attentionAndShared),
  glm("zai-org/GLM-5", 64, attention),
  glm("zai-org/GLM-5.1", 64, attentionAndShared),
  glm("zai-org/GLM-5.2", 192, attentionAndShared),
  glm("zai-org/GLM-5.3", 192, attentionAndShared),
];

function kimi(id: string, nvfp4: Partial<ModelQuantization>): CatalogueModel {
  return latent({
    id,
    layers: 61,
    hiddenSize: 7168,
    heads: 64,
    experts: { count: 384, perToken: 8, intermediateSize: 2048, sharedIntermediateSize: 2048 },
    vocabularySize: 163_840,
    nativeExperts: "int4_wo",
    nvfp4,
  });
}

/** GLM-5 in its versions, which differ in the width the configuration gives a head. */
function glm(id: string, headDimension: number, nvfp4: Partial<ModelQuantization>): CatalogueModel {
  return latent({
    id,
    layers: 78,
    hiddenSize: 6144,
    heads: 64,
    experts: { count: 256, perToken: 8, intermediateSize: 2048, sharedIntermediateSize: 2048 },
    vocabularySize: 154_880,
    fp8: "fp8_block",
    nvfp4,
    attention: {
      ...sparse,
      queryRank: 2048,
      plainDimension: 192,
      valueDimension: 256,
      indexHeads: 32,
      headDimension,
    },
  });
}
