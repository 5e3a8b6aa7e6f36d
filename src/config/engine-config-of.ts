import type { EngineConfig } from "../engine/engine-config.ts";
import type { EnginePerformance } from "../perf/resolve.ts";
import { engineArgDefaults } from "./engine-arg-defaults.ts";
import type { ValidatedEngineArgs } from "./validated-engine-args.ts";

/** What the arguments leave open: pass times, key-value capacity, GPUs. */
export type EngineSurroundings = Pick<EnginePerformance, "perfModel" | "numGpuBlocks" | "gpusPerWorker"> & {
  /** Bytes of a token's keys and values where the arguments do not say; null = unknown. */
  readonly kvBytesPerToken?: number | null;
};

/**
 * The engine that validated arguments describe.
 * @param tiers cache tiers that act, null = none
 */
export function engineConfigOf(
  args: ValidatedEngineArgs,
  surroundings: EngineSurroundings,
  tiers: ValidatedEngineArgs["kvTiers"],
): EngineConfig {
  return {
    engineType: args.engineType,
    numGpuBlocks: args.numGpuBlocks ?? surroundings.numGpuBlocks ?? engineArgDefaults.num_gpu_blocks,
    blockSize: args.blockSize,
    maxModelLen: args.maxModelLen ?? Infinity,
    maxNumSeqs: args.maxNumSeqs ?? Infinity,
    maxNumBatchedTokens: args.maxNumBatchedTokens ?? Infinity,
    enablePrefixCaching: args.enablePrefixCaching,
    enableChunkedPrefill: args.enableChunkedPrefill,
    preemptionMode: args.preemptionMode,
    speedupRatio: args.speedupRatio,
    decodeSpeedupRatio: args.decodeSpeedupRatio,
    dpSize: args.dpSize,
    startupSeconds: args.startupSeconds,
    gpusPerWorker: surroundings.gpusPerWorker,
    speculative: args.speculative,
    kvBytesPerToken: args.kvBytesPerToken ?? surroundings.kvBytesPerToken ?? 0,
    kvTransferBandwidth: args.kvTransferBandwidth ?? 0,
    kvTransferTimingMode: args.kvTransferTimingMode,
    sglang: args.sglang,
    ...(args.maxUtilization ? { maxUtilization: true } : {}),
    ...(args.prefillScheduleInterval > 1 ? { prefillScheduleInterval: args.prefillScheduleInterval } : {}),
    ...(tiers === null ? {} : { kvTiers: tiers }),
    perfModel: surroundings.perfModel,
  };
}
