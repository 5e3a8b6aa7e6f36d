import type { EngineConfig } from "./engine-config.ts";
import { nanosecondsFromMs, scaleNanoseconds } from "./pass-duration.ts";

/** Prices the parts of a pass in integer nanoseconds, speed-up ratios applied (engine-reference §3, §5). */
export class PassPrice {
  private readonly config: EngineConfig;
  /** How much faster than the model decode passes are. */
  readonly decodeSpeedup: number;
  private readonly poolTokens: number;

  constructor(config: EngineConfig) {
    this.config = config;
    this.decodeSpeedup = config.speedupRatio * config.decodeSpeedupRatio;
    this.poolTokens = config.numGpuBlocks * config.blockSize;
  }

  /** Prefill part: `requests` with new prompt tokens, the sums of where they end and of what was there before. */
  prefillNs(requests: number, sumEnds: number, sumPrefix: number): number {
    if (requests === 0) return 0;
    const meanPrefix = Math.floor(sumPrefix / requests);
    const meanNew = Math.floor(sumEnds / requests) - meanPrefix;
    if (meanNew <= 0) return 0;
    const ms = this.config.perfModel.prefillMs(requests, meanNew, meanPrefix);
    return scaleNanoseconds(nanosecondsFromMs(ms), this.config.speedupRatio);
  }

  /** Decode part: `requests` charged, the sum of their contexts, the tokens the pool counts as active. */
  decodeNs(requests: number, sumContext: number, activeTokens: number): number {
    if (requests === 0) return 0;
    const active = Math.min(activeTokens, this.poolTokens);
    const ms = this.config.perfModel.decodeMs(requests, Math.floor(sumContext / requests), active, this.poolTokens);
    return scaleNanoseconds(nanosecondsFromMs(ms), this.decodeSpeedup);
  }
}
