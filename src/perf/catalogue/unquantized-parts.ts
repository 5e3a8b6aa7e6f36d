import type { ModelQuantization } from "../model-shape.ts";

// Parts that NVIDIA's NVFP4 checkpoints leave as they were (exclude_modules of their hf_quant_config.json).

/** The projections that give queries, keys and values. */
export const queriesAndKeys: Partial<ModelQuantization> = { attentionProjections: "bfloat16" };
/** All projections of attention. */
export const attention: Partial<ModelQuantization> = { ...queriesAndKeys, outputProjection: "bfloat16" };
/** Those, and the experts every token goes through. */
export const attentionAndShared: Partial<ModelQuantization> = { ...attention, sharedExperts: "bfloat16" };
