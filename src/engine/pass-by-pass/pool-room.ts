import { FailureReason } from "../../metrics/request-ledger.ts";
import { promisesWholeOutput, type EngineConfig } from "../engine-config.ts";
import type { PagedKvCache } from "./paged-kv-cache.ts";
import { knownTokens, type RequestState } from "./request-state.ts";
import type { SequenceBlocks } from "./sequence-blocks.ts";

/** Whether a paged pool has room for a request: now, and at all (engine-reference §4.1-4.2, engine-findings §1). */
export class PoolRoom {
  /** Most tokens a request emits in a pass, with room for them made before; 0 without speculation. */
  longestBurst: number;
  private readonly config: EngineConfig;
  private readonly modelLength: number;
  private readonly cache: PagedKvCache;
  private readonly blocks: SequenceBlocks;
  /** Lists of the requests that hold blocks. */
  private readonly holders: readonly (readonly RequestState[])[];
  private readonly noEvict: boolean;

  constructor(
    config: EngineConfig,
    modelLength: number,
    cache: PagedKvCache,
    blocks: SequenceBlocks,
    holders: readonly (readonly RequestState[])[],
  ) {
    this.longestBurst = config.speculative === null ? 0 : config.speculative.nextn + 1;
    this.config = config;
    this.modelLength = modelLength;
    this.cache = cache;
    this.blocks = blocks;
    this.holders = holders;
    this.noEvict = promisesWholeOutput(config);
  }

  /**
   * Whether a waiting request's whole sequence (TRT-LLM: prompt and all output) fits beside what is promised to others.
   * Looks up which of its blocks are resident.
   */
  has(state: RequestState): boolean {
    this.blocks.lookUp(state);
    const free = this.config.numGpuBlocks - this.cache.activeBlocks;
    if (!this.noEvict) {
      if (state.preempted && this.outgrows(state)) return false;
      return Math.ceil(knownTokens(state) / this.config.blockSize) - this.blocks.foundReferenced <= free;
    }
    let available = free;
    for (const requests of this.holders) {
      for (const other of requests) available -= this.worstCaseBlocks(other) - other.blocks.length;
    }
    return this.worstCaseBlocks(state) - this.blocks.foundReferenced <= available;
  }

  /** Why a request that was never admitted cannot run at all. */
  rejection(state: RequestState): FailureReason {
    if (state.admitted) return FailureReason.none;
    if (state.promptLength >= this.modelLength) return FailureReason.promptExceedsModelLen;
    const { blockSize, numGpuBlocks } = this.config;
    const blocks = this.noEvict ? this.worstCaseBlocks(state) : Math.ceil(state.promptLength / blockSize);
    return blocks > numGpuBlocks ? FailureReason.promptExceedsKvPool : FailureReason.none;
  }

  /** Whether the pool cannot hold a request with its next burst of tokens, even when it has it to itself. */
  private outgrows(state: RequestState): boolean {
    const { blockSize, numGpuBlocks } = this.config;
    const burst = Math.min(this.longestBurst, state.outputLimit - state.generated);
    return Math.ceil((knownTokens(state) + burst) / blockSize) > numGpuBlocks;
  }

  private worstCaseBlocks(state: RequestState): number {
    return Math.ceil((state.promptLength + state.outputLimit) / this.config.blockSize);
  }
}
