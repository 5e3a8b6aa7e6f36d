import { dense, latent, mixture } from "./catalogue-model.ts";
import type { CatalogueModel, Extra } from "./catalogue-model.ts";
import type { GroupedQueryAttention, LatentAttention, ModelQuantization } from "./model-shape.ts";

const qwen3: Partial<GroupedQueryAttention> = { normalizesQueryAndKey: true };
const blockwise: Extra = { fp8: "fp8_block" };

/** Parts that NVIDIA's NVFP4 checkpoints leave as they were (exclude_modules of their hf_quant_config.json). */
const queriesAndKeys: Partial<ModelQuantization> = { attentionProjections: "bfloat16" };
const attention: Partial<ModelQuantization> = { ...queriesAndKeys, outputProjection: "bfloat16" };
const attentionAndShared: Partial<ModelQuantization> = { ...attention, sharedExperts: "bfloat16" };
const qwen35: Extra = { ...blockwise, nvfp4: { ...attentionAndShared, linearProjections: "bfloat16" } };
const fp8Attention: Partial<ModelQuantization> = {
  attentionProjections: "fp8_static",
  outputProjection: "fp8_static",
  linearProjections: "fp8_static",
};
const qwen36: Extra = { ...blockwise, nvfp4: fp8Attention };

/** DeepSeek's sparse attention. */
const sparse: Partial<LatentAttention> = { sparseTokens: 2048, indexHeads: 64, indexDimension: 128 };

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
  dense("XiaomiMiMo/MiMo-7B", 36, 4096, [32, 8, 128], 11_008, 151_680),
  dense("Qwen/Qwen3-0.6B", 28, 1024, [16, 8, 128], 3072, 151_936, blockwise, qwen3),
  dense("Qwen/Qwen3-1.7B", 28, 2048, [16, 8, 128], 6144, 151_936, blockwise, qwen3),
  dense("Qwen/Qwen3-4B", 36, 2560, [32, 8, 128], 9728, 151_936, blockwise, qwen3),
  dense("Qwen/Qwen3-8B", 36, 4096, [32, 8, 128], 12_288, 151_936, blockwise, qwen3),
  dense("Qwen/Qwen3-14B", 40, 5120, [40, 8, 128], 17_408, 151_936, blockwise, qwen3),
  dense("Qwen/Qwen3-32B", 64, 5120, [64, 8, 128], 25_600, 151_936, blockwise, qwen3),
  mixture("Qwen/Qwen3-30B-A3B", 48, 2048, [32, 4, 128], [128, 8, 768, 0], 151_936, blockwise, qwen3),
  mixture("Qwen/Qwen3-Coder-30B-A3B", 48, 2048, [32, 4, 128], [128, 8, 768, 0], 151_936, blockwise, qwen3),
  ...(
    [
      ["2B", 28, 2048, 16, 6144],
      ["4B", 36, 2560, 32, 9728],
      ["8B", 36, 4096, 32, 12_288],
      ["32B", 64, 5120, 64, 25_600],
    ] as const
  ).map(([size, layers, hiddenSize, heads, width]) =>
    seeing(dense(`Qwen/Qwen3-VL-${size}`, layers, hiddenSize, [heads, 8, 128], width, 151_936, blockwise, qwen3)),
  ),
  seeing(mixture("Qwen/Qwen3-VL-30B-A3B", 48, 2048, [32, 4, 128], [128, 8, 768, 0], 151_936, blockwise, qwen3)),
  seeing(mixture("Qwen/Qwen3-VL-235B-A22B", 94, 4096, [64, 4, 128], [128, 8, 1536, 0], 151_936, blockwise, qwen3)),
  mixture("Qwen/Qwen3-235B-A22B", 94, 4096, [64, 4, 128], [128, 8, 1536, 0], 151_936, blockwise, qwen3),
  mixture("Qwen/Qwen3-Coder-480B-A35B", 62, 6144, [96, 8, 128], [160, 8, 2560, 0], 151_936, blockwise, qwen3),
  dense("Qwen/Qwen3.5-27B", 64, 5120, [24, 4, 256], 17_408, 248_320, qwen35, hybrid(48, 16, 48)),
  dense("Qwen/Qwen3.6-27B", 64, 5120, [24, 4, 256], 17_408, 248_320, qwen36, hybrid(48, 16, 48)),
  mixture("Qwen/Qwen3.5-35B-A3B", 40, 2048, [16, 2, 256], [256, 8, 512, 512], 248_320, qwen35, hybrid(30, 16, 32)),
  mixture("Qwen/Qwen3.6-35B-A3B", 40, 2048, [16, 2, 256], [256, 8, 512, 512], 248_320, qwen36, hybrid(30, 16, 32)),
  mixture("Qwen/Qwen3.5-122B-A10B", 48, 3072, [32, 2, 256], [256, 8, 1024, 1024], 248_320, qwen35, hybrid(36, 16, 64)),
  mixture("Qwen/Qwen3.5-397B-A17B", 60, 4096, [32, 2, 256], [512, 10, 1024, 1024], 248_320, qwen35, hybrid(45, 16, 64)),
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
  ...["M2", "M2.5", "M2.7"].map((version) =>
    mixture(
      `MiniMaxAI/MiniMax-${version}`,
      62,
      3072,
      [48, 8, 128],
      [256, 8, 1536, 0],
      200_064,
      { ...nativeBlockwise(), nvfp4: attention },
      qwen3,
    ),
  ),
  mixture("zai-org/GLM-4.5-Air", 46, 4096, [96, 8, 128], [128, 8, 1408, 1408], 151_552),
  latent("deepseek-ai/DeepSeek-V3", 61, 7168, 128, [256, 8, 2048, 2048], 129_280, nativeBlockwise()),
  latent("deepseek-ai/DeepSeek-R1", 61, 7168, 128, [256, 8, 2048, 2048], 129_280, nativeBlockwise()),
  latent("deepseek-ai/DeepSeek-V3.1", 61, 7168, 128, [256, 8, 2048, 2048], 129_280, {
    ...nativeBlockwise(),
    nvfp4: queriesAndKeys,
  }),
  latent(
    "deepseek-ai/DeepSeek-V3.2",
    61,
    7168,
    128,
    [256, 8, 2048, 2048],
    129_280,
    { ...nativeBlockwise(), nvfp4: queriesAndKeys },
    sparse,
  ),
  latent("moonshotai/Kimi-K2", 61, 7168, 64, [384, 8, 2048, 2048], 163_840, nativeBlockwise()),
  kimi("moonshotai/Kimi-K2.5", attention),
  kimi("moonshotai/Kimi-K2.6", attentionAndShared),
  kimi("moonshotai/Kimi-K2.7-Code", attentionAndShared),
  glm("zai-org/GLM-5", 64, attention),
  glm("zai-org/GLM-5.1", 64, attentionAndShared),
  glm("zai-org/GLM-5.2", 192, attentionAndShared),
  glm("zai-org/GLM-5.3", 192, attentionAndShared),
];

function seeing(model: CatalogueModel): CatalogueModel {
  return { ...model, shape: { ...model.shape, seesImages: true } };
}

function kimi(id: string, nvfp4: Partial<ModelQuantization>): CatalogueModel {
  return latent(id, 61, 7168, 64, [384, 8, 2048, 2048], 163_840, { nativeExperts: "int4_wo", nvfp4 });
}

/** GLM-5 in its versions, which differ in the width the configuration gives a head. */
function glm(id: string, headDimension: number, nvfp4: Partial<ModelQuantization>): CatalogueModel {
  return latent(
    id,
    78,
    6144,
    64,
    [256, 8, 2048, 2048],
    154_880,
    { ...blockwise, nvfp4 },
    {
      ...sparse,
      queryRank: 2048,
      plainDimension: 192,
      valueDimension: 256,
      indexHeads: 32,
      headDimension,
    },
  );
}

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
