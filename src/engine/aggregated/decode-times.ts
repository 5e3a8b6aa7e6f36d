import type { PerfModel } from "../../perf/perf-model.ts";
import type { EngineConfig } from "../engine-config.ts";
import { nanosecondsFromMs, scaleNanoseconds } from "../pass-duration.ts";
import type { Semantics } from "../semantics.ts";

/** Contexts a page of the memo covers. */
const pageSize = 256;

/**
 * Decode part of a pass in integer nanoseconds, for all workers of a run. Memoised by referenced blocks or by
 * (requests, mean context) where the model depends on nothing else.
 */
export class DecodeTimes {
  /** Whether the time depends on referenced blocks only, hence stays the same until a block is allocated or released. */
  readonly byBlocksOnly: boolean;
  private readonly model: PerfModel;
  private readonly bySequenceLengths: boolean;
  private readonly blockSize: number;
  private readonly poolTokens: number;
  private readonly speedup: number;
  private readonly ofBlocks: Float64Array;
  private readonly byContext: boolean;
  /** Pages of times by requests, then by mean context. */
  private readonly pages: (Float64Array | undefined)[][] = [];

  constructor(engine: EngineConfig, semantics: Semantics) {
    this.model = engine.perfModel;
    this.bySequenceLengths = semantics.decodeActiveTokens === "sequence-lengths";
    this.blockSize = engine.blockSize;
    this.poolTokens = engine.numGpuBlocks * engine.blockSize;
    this.speedup = engine.speedupRatio * engine.decodeSpeedupRatio;
    this.byBlocksOnly = this.model.decodeDependsOn === "occupancy" && !this.bySequenceLengths;
    this.byContext = this.model.decodeDependsOn === "batch-and-context";
    this.ofBlocks = this.byBlocksOnly ? new Float64Array(engine.numGpuBlocks + 1).fill(-1) : new Float64Array(0);
  }

  /**
   * @param requests charged requests, ≥ 1
   * @param sumKnown their prompt + generated tokens before this pass's token
   * @param activeBlocks referenced blocks of the pool
   */
  nanoseconds(requests: number, sumKnown: number, activeBlocks: number): number {
    if (this.byBlocksOnly) {
      const time = this.ofBlocks[activeBlocks]!;
      return time >= 0 ? time : (this.ofBlocks[activeBlocks] = this.compute(requests, sumKnown, activeBlocks));
    }
    if (this.byContext) return this.ofContext(requests, sumKnown);
    return this.compute(requests, sumKnown, activeBlocks);
  }

  private ofContext(requests: number, sumKnown: number): number {
    const context = Math.floor(sumKnown / requests);
    const pages = (this.pages[requests] ??= []);
    const index = Math.floor(context / pageSize);
    const page = (pages[index] ??= new Float64Array(pageSize).fill(-1));
    const time = page[context % pageSize]!;
    return time >= 0 ? time : (page[context % pageSize] = this.compute(requests, sumKnown, 0));
  }

  private compute(requests: number, sumKnown: number, activeBlocks: number): number {
    // Prefixes that several requests share count for each of them, so the lengths may exceed the pool.
    const activeTokens = this.bySequenceLengths ? Math.min(sumKnown, this.poolTokens) : activeBlocks * this.blockSize;
    const ms = this.model.decodeMs(requests, Math.floor(sumKnown / requests), activeTokens, this.poolTokens);
    return scaleNanoseconds(nanosecondsFromMs(ms), this.speedup);
  }
}
