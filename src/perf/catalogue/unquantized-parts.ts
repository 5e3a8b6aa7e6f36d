import type { ModelQuantization } from "../model-shape.ts";

/** Parts that NVIDIA's NVFP4 checkpoints leave as they were (exclude_modules of their hf_quant_config.json). */
export const queriesAndKeys: Partial<ModelQuantization> = { attentionProjections: "bfloat16" };
export const attention: Partial<ModelQuantization> = { ...queriesAndKeys, outputProjection: "bfloat16" };
export const attentionAndShared: Partial<ModelQuantization> = { ...attention, sharedExperts: "bfloat16" };
