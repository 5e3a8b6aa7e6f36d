import { defaultBlockTokens } from "../engine/engine-types.ts";
import type { GivenEngineArgs } from "./engine-args-schema.ts";

/** Defaults of the flat engine arguments that have one. */
export const engineArgDefaults = {
  engine_type: "vllm",
  num_gpu_blocks: 16_384,
  max_num_seqs: 256,
  max_num_batched_tokens: 8192,
  enable_prefix_caching: true,
  enable_chunked_prefill: true,
  speedup_ratio: 1,
  decode_speedup_ratio: 1,
  dp_size: 1,
  aic_mtp_seed: 42,
  kv_transfer_timing_mode: "full_prompt",
  preemption_mode: "lifo",
  perf_extrapolation: "0.11",
} as const;

/** Defaults of the `sglang` section. */
export const sglangDefaults = {
  schedule_policy: "fifo",
  max_prefill_tokens: 16_384,
  chunked_prefill_size: 8192,
  clip_max_new_tokens: 4096,
  schedule_conservativeness: 1,
} as const;

/** Defaults of the cache tiers, with `num_g2_blocks`; bandwidths in 1e9 byte/s, 0 = transfers take no time. */
export const tierDefaults = {
  offload_batch_size: 32,
  bandwidth_g1_to_g2_gbps: 14,
  bandwidth_g2_to_g1_gbps: 14,
  bandwidth_g2_to_g3_gbps: 7,
  bandwidth_g3_to_g2_gbps: 7,
  bandwidth_g2_to_g4_gbps: 0,
  bandwidth_g4_to_g2_gbps: 0,
} as const;

/** Acceptance of the draft tokens when none is given. */
export const defaultAcceptRates: readonly number[] = [0.85, 0.3, 0, 0, 0];

/** Tokens of a block: `block_size`, SGLang's page size, or the engine's default. */
export function blockSizeOf(args: GivenEngineArgs): number {
  const engineType = args.engine_type ?? engineArgDefaults.engine_type;
  const pageSize = engineType === "sglang" ? args.sglang?.page_size : null;
  return args.block_size || pageSize || defaultBlockTokens[engineType];
}
