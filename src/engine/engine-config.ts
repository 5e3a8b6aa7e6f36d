import type { PerfModel } from "../perf/perf-model.ts";
import type { EngineType } from "./engine-types.ts";
import type { KvTierConfig } from "./tiers/kv-tier-config.ts";

/** One engine as the simulation runs it: validated, every default filled in. */
export interface EngineConfig {
  readonly engineType: EngineType;
  /** Key-value blocks of one attention-DP rank. */
  readonly numGpuBlocks: number;
  /** Tokens a block holds. */
  readonly blockSize: number;
  /** Prompts at or above it are rejected; generation stops at it. Infinity when unset. */
  readonly maxModelLen: number;
  /** Most running requests. Infinity when unbounded. */
  readonly maxNumSeqs: number;
  /** Tokens a pass may compute. Infinity when unbounded. */
  readonly maxNumBatchedTokens: number;
  readonly enablePrefixCaching: boolean;
  readonly enableChunkedPrefill: boolean;
  /** Which running request gives way when the pool is full: the newest (lifo) or the oldest (fifo). */
  readonly preemptionMode: "lifo" | "fifo";
  /** Divides prefill and decode times. 1 when unset or 0. */
  readonly speedupRatio: number;
  /** Further divides decode times. */
  readonly decodeSpeedupRatio: number;
  /** Attention-DP ranks of a worker. */
  readonly dpSize: number;
  /** Seconds from a scale-up to the first request a worker can take; 0 when unset. */
  readonly startupSeconds: number;
  /** GPUs a worker holds: tensor parallel size × dpSize. */
  readonly gpusPerWorker: number;
  /** Speculative decoding (MTP), or null. */
  readonly speculative: SpeculativeConfig | null;
  /** Bytes of key-value cache a token takes; 0 when unknown. Only for transfers and offload tiers. */
  readonly kvBytesPerToken: number;
  /** Prefill→decode transfer bandwidth in 1e9 byte/s; 0 = no delay. */
  readonly kvTransferBandwidth: number;
  readonly kvTransferTimingMode: "full_prompt" | "destination_missing";
  readonly sglang: SglangConfig;
  /**
   * TRT-LLM-like engines: admit what fits now and preempt when the pool is full, instead of promising every request
   * the blocks of its whole output.
   */
  readonly maxUtilization?: boolean;
  /** vLLM-like engines with attention DP: only every so many passes compute prompts while others decode; 1 when absent. */
  readonly prefillScheduleInterval?: number;
  /** One copy is kept of a full block that was computed twice; else both are until they are free and evicted. */
  readonly sharesCopies?: boolean;
  /** Cache tiers below GPU memory; absent without. */
  readonly kvTiers?: KvTierConfig;
  /** Prices a pass. */
  readonly perfModel: PerfModel;
}

/** Whether every request is promised the blocks of its whole output at admission, so that nothing is preempted. */
export function promisesWholeOutput(config: EngineConfig): boolean {
  return config.engineType === "trtllm" && config.maxUtilization !== true;
}

/** Speculative decoding: `nextn` draft tokens a step, each accepted if all before it were. */
export interface SpeculativeConfig {
  /** 1..5. */
  readonly nextn: number;
  /** Conditional acceptance probability of each draft position, `nextn` long. */
  readonly acceptRates: readonly number[];
  /** Seed of the acceptance draws; the rank's index is added to it. */
  readonly seed: number;
}

/** Settings only SGLang-like engines read. */
export interface SglangConfig {
  readonly schedulePolicy: "fifo" | "lpm";
  readonly maxPrefillTokens: number;
  readonly chunkedPrefillSize: number;
  readonly clipMaxNewTokens: number;
  readonly scheduleConservativeness: number;
  /** Passes without prefill after one with; 0 when absent. */
  readonly prefillDecodeInterval?: number;
}
