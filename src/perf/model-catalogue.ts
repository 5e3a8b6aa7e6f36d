import type { CatalogueModel } from "./catalogue-model.ts";
import { expertModels } from "./catalogue/expert-models.ts";
import { llamaModels } from "./catalogue/llama-models.ts";
import { qwenHybridModels } from "./catalogue/qwen-hybrid-models.ts";
import { qwenModels } from "./catalogue/qwen-models.ts";

/** The models whose shapes are known. */
export const catalogue: readonly CatalogueModel[] = [
  ...llamaModels,
  ...qwenModels,
  ...qwenHybridModels,
  ...expertModels,
];
