import { dense, mixture } from "../catalogue-model.ts";
import type { CatalogueModel } from "../catalogue-model.ts";

/** What all models of Qwen 3 have alike. */
const qwen3 = {
  vocabularySize: 151_936,
  fp8: "fp8_block",
  attention: { normalizesQueryAndKey: true },
} as const;

// Dimensions that several models share: those that see images have a text model's.
const of2B = {
  layers: 28,
  hiddenSize: 2048,
  heads: { query: 16, keyValue: 8, dimension: 128 },
  intermediateSize: 6144,
  ...qwen3,
};
const of4B = {
  layers: 36,
  hiddenSize: 2560,
  heads: { query: 32, keyValue: 8, dimension: 128 },
  intermediateSize: 9728,
  ...qwen3,
};
const of8B = {
  layers: 36,
  hiddenSize: 4096,
  heads: { query: 32, keyValue: 8, dimension: 128 },
  intermediateSize: 12_288,
  ...qwen3,
};
const of32B = {
  layers: 64,
  hiddenSize: 5120,
  heads: { query: 64, keyValue: 8, dimension: 128 },
  intermediateSize: 25_600,
  ...qwen3,
};
const of30B = {
  layers: 48,
  hiddenSize: 2048,
  heads: { query: 32, keyValue: 4, dimension: 128 },
  experts: { count: 128, perToken: 8, intermediateSize: 768, sharedIntermediateSize: 0 },
  ...qwen3,
};
const of235B = {
  layers: 94,
  hiddenSize: 4096,
  heads: { query: 64, keyValue: 4, dimension: 128 },
  experts: { count: 128, perToken: 8, intermediateSize: 1536, sharedIntermediateSize: 0 },
  ...qwen3,
};

/** Qwen 2.5 and 3, and MiMo, which has the shape of Qwen 2.5. From their published config.json files. */
export const qwenModels: readonly CatalogueModel[] = [
  dense({
    id: "Qwen/Qwen2.5-0.5B",
    layers: 24,
    hiddenSize: 896,
    heads: { query: 14, keyValue: 2, dimension: 64 },
    intermediateSize: 4864,
    vocabularySize: 151_936,
  }),
  dense({
    id: "Qwen/Qwen2.5-1.5B",
    layers: 28,
    hiddenSize: 1536,
    heads: { query: 12, keyValue: 2, dimension: 128 },
    intermediateSize: 8960,
    vocabularySize: 151_936,
  }),
  dense({
    id: "Qwen/Qwen2.5-3B",
    layers: 36,
    hiddenSize: 2048,
    heads: { query: 16, keyValue: 2, dimension: 128 },
    intermediateSize: 11_008,
    vocabularySize: 151_936,
  }),
  dense({
    id: "Qwen/Qwen2.5-7B",
    layers: 28,
    hiddenSize: 3584,
    heads: { query: 28, keyValue: 4, dimension: 128 },
    intermediateSize: 18_944,
    vocabularySize: 152_064,
  }),
  dense({
    id: "Qwen/Qwen2.5-14B",
    layers: 48,
    hiddenSize: 5120,
    heads: { query: 40, keyValue: 8, dimension: 128 },
    intermediateSize: 13_824,
    vocabularySize: 152_064,
  }),
  dense({
    id: "Qwen/Qwen2.5-32B",
    layers: 64,
    hiddenSize: 5120,
    heads: { query: 40, keyValue: 8, dimension: 128 },
    intermediateSize: 27_648,
    vocabularySize: 152_064,
  }),
  dense({
    id: "Qwen/Qwen2.5-72B",
    layers: 80,
    hiddenSize: 8192,
    heads: { query: 64, keyValue: 8, dimension: 128 },
    intermediateSize: 29_568,
    vocabularySize: 152_064,
  }),
  dense({
    id: "Qwen/QwQ-32B",
    layers: 64,
    hiddenSize: 5120,
    heads: { query: 40, keyValue: 8, dimension: 128 },
    intermediateSize: 27_648,
    vocabularySize: 152_064,
  }),
  dense({
    id: "XiaomiMiMo/MiMo-7B",
    layers: 36,
    hiddenSize: 4096,
    heads: { query: 32, keyValue: 8, dimension: 128 },
    intermediateSize: 11_008,
    vocabularySize: 151_680,
  }),
  dense({
    id: "Qwen/Qwen3-0.6B",
    layers: 28,
    hiddenSize: 1024,
    heads: { query: 16, keyValue: 8, dimension: 128 },
    intermediateSize: 3072,
    ...qwen3,
  }),
  dense({ id: "Qwen/Qwen3-1.7B", ...of2B }),
  dense({ id: "Qwen/Qwen3-4B", ...of4B }),
  dense({ id: "Qwen/Qwen3-8B", ...of8B }),
  dense({
    id: "Qwen/Qwen3-14B",
    layers: 40,
    hiddenSize: 5120,
    heads: { query: 40, keyValue: 8, dimension: 128 },
    intermediateSize: 17_408,
    ...qwen3,
  }),
  dense({ id: "Qwen/Qwen3-32B", ...of32B }),
  mixture({ id: "Qwen/Qwen3-30B-A3B", ...of30B }),
  mixture({ id: "Qwen/Qwen3-Coder-30B-A3B", ...of30B }),
  seeing(dense({ id: "Qwen/Qwen3-VL-2B", ...of2B })),
  seeing(dense({ id: "Qwen/Qwen3-VL-4B", ...of4B })),
  seeing(dense({ id: "Qwen/Qwen3-VL-8B", ...of8B })),
  seeing(dense({ id: "Qwen/Qwen3-VL-32B", ...of32B })),
  seeing(mixture({ id: "Qwen/Qwen3-VL-30B-A3B", ...of30B })),
  seeing(mixture({ id: "Qwen/Qwen3-VL-235B-A22B", ...of235B })),
  mixture({ id: "Qwen/Qwen3-235B-A22B", ...of235B }),
  mixture({
    id: "Qwen/Qwen3-Coder-480B-A35B",
    layers: 62,
    hiddenSize: 6144,
    heads: { query: 96, keyValue: 8, dimension: 128 },
    experts: { count: 160, perToken: 8, intermediateSize: 2560, sharedIntermediateSize: 0 },
    ...qwen3,
  }),
];

function seeing(model: CatalogueModel): CatalogueModel {
  return { ...model, shape: { ...model.shape, seesImages: true } };
}
