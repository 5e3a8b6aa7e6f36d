import { dense, mixture } from "../catalogue-model.ts";
import type { CatalogueModel, Extra } from "../catalogue-model.ts";
import type { GroupedQueryAttention, ModelQuantization } from "../model-shape.ts";
import { attentionAndShared } from "./unquantized-parts.ts";

const blockwise: Extra = { fp8: "fp8_block" };
const qwen35: Extra = { ...blockwise, nvfp4: { ...attentionAndShared, linearProjections: "bfloat16" } };
const fp8Attention: Partial<ModelQuantization> = {
  attentionProjections: "fp8_static",
  outputProjection: "fp8_static",
  linearProjections: "fp8_static",
};
const qwen36: Extra = { ...blockwise, nvfp4: fp8Attention };

/** Qwen 3.5 and 3.6, most of whose layers carry linear attention. From their published config.json files. */
export const qwenHybridModels: readonly CatalogueModel[] = [
  dense({
    id: "Qwen/Qwen3.5-27B",
    layers: 64,
    hiddenSize: 5120,
    heads: { query: 24, keyValue: 4, dimension: 256 },
    intermediateSize: 17_408,
    vocabularySize: 248_320,
    ...qwen35,
    attention: hybrid(48, 16, 48),
  }),
  dense({
    id: "Qwen/Qwen3.6-27B",
    layers: 64,
    hiddenSize: 5120,
    heads: { query: 24, keyValue: 4, dimension: 256 },
    intermediateSize: 17_408,
    vocabularySize: 248_320,
    ...qwen36,
    attention: hybrid(48, 16, 48),
  }),
  mixture({
    id: "Qwen/Qwen3.5-35B-A3B",
    layers: 40,
    hiddenSize: 2048,
    heads: { query: 16, keyValue: 2, dimension: 256 },
    experts: { count: 256, perToken: 8, intermediateSize: 512, sharedIntermediateSize: 512 },
    vocabularySize: 248_320,
    ...qwen35,
    attention: hybrid(30, 16, 32),
  }),
  mixture({
    id: "Qwen/Qwen3.6-35B-A3B",
    layers: 40,
    hiddenSize: 2048,
    heads: { query: 16, keyValue: 2, dimension: 256 },
    experts: { count: 256, perToken: 8, intermediateSize: 512, sharedIntermediateSize: 512 },
    vocabularySize: 248_320,
    ...qwen36,
    attention: hybrid(30, 16, 32),
  }),
  mixture({
    id: "Qwen/Qwen3.5-122B-A10B",
    layers: 48,
    hiddenSize: 3072,
    heads: { query: 32, keyValue: 2, dimension: 256 },
    experts: { count: 256, perToken: 8, intermediateSize: 1024, sharedIntermediateSize: 1024 },
    vocabularySize: 248_320,
    ...qwen35,
    attention: hybrid(36, 16, 64),
  }),
  mixture({
    id: "Qwen/Qwen3.5-397B-A17B",
    layers: 60,
    hiddenSize: 4096,
    heads: { query: 32, keyValue: 2, dimension: 256 },
    experts: { count: 512, perToken: 10, intermediateSize: 1024, sharedIntermediateSize: 1024 },
    vocabularySize: 248_320,
    ...qwen35,
    attention: hybrid(45, 16, 64),
  }),
];

/** Three quarters of the layers carry linear attention, the others a gated one (Qwen3.5). */
function hybrid(layers: number, keyHeads: number, valueHeads: number): Partial<GroupedQueryAttention> {
  return {
    normalizesQueryAndKey: true,
    gatesOutput: true,
    linear: { layers, keyHeads, valueHeads, headDimension: 128 },
  };
}
