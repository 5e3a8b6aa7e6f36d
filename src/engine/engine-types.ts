/** The schedulers there are, as `engine_type` names them. A new one is made in `createRank` (simulation/worker-factory.ts). */
export const engineTypes = ["vllm", "sglang", "trtllm"] as const;

/** A scheduler's name. */
export type EngineType = (typeof engineTypes)[number];

/** Tokens of a key-value block where the arguments do not say. */
export const defaultBlockTokens: Readonly<Record<EngineType, number>> = { vllm: 64, sglang: 1, trtllm: 32 };
