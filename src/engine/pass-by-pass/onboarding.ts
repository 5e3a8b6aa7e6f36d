import type { EngineConfig } from "../engine-config.ts";
import type { KvTiers } from "../tiers/kv-tiers.ts";
import type { PagedKvCache } from "./paged-kv-cache.ts";
import { knownTokens, type RequestState } from "./request-state.ts";
import type { SequenceBlocks } from "./sequence-blocks.ts";
import type { WaitingLine } from "./waiting-line.ts";

/** The scheduler whose requests are brought back. */
export interface OnboardingHost {
  readonly config: EngineConfig;
  readonly cache: PagedKvCache;
  readonly blocks: SequenceBlocks;
  readonly waiting: WaitingLine;
  releaseBlocks(state: RequestState): void;
}

/**
 * Requests of a vLLM- or TRT-LLM-like scheduler whose blocks come back from lower cache tiers: they leave the queue with
 * their place on the GPU reserved, and are admitted when the blocks are there (engine-reference §3.1).
 */
export class Onboarding {
  /** All of them, and those whose blocks have come, in that order. */
  readonly requests: RequestState[] = [];
  readonly ready: RequestState[] = [];
  private readonly tiers: KvTiers;
  private readonly scheduler: OnboardingHost;

  constructor(tiers: KvTiers, scheduler: OnboardingHost) {
    this.tiers = tiers;
    this.scheduler = scheduler;
    scheduler.cache.onEvicted = (key) => tiers.onEvicted(key);
  }

  /**
   * Begins to bring back what lower tiers have of the head of the queue, which fits the pool.
   * @param resident its leading blocks that are on the GPU
   * @param most leading blocks it may find
   * @returns whether there is anything; the head has then left the queue
   */
  bringBack(state: RequestState, resident: number, most: number): boolean {
    const { scheduler, tiers } = this;
    const { blockSize, enableChunkedPrefill, enablePrefixCaching, maxNumBatchedTokens } = scheduler.config;
    if (!enablePrefixCaching) return false;
    const key = (block: number) => scheduler.blocks.key(state, block);
    const run = tiers.find(key, resident, most);
    const found = run.host + run.disk + run.object;
    if (found === 0) return false;
    const computed = (resident + found) * blockSize;
    if (!enableChunkedPrefill && knownTokens(state) - computed > maxNumBatchedTokens) return false;
    scheduler.waiting.removeFirst();
    scheduler.blocks.takeFound(state, resident);
    this.requests.push(state);
    const makeRoom = () => {
      for (let i = 0; i < found; i++) state.blocks.push(scheduler.cache.allocate());
    };
    tiers.onboard(key, resident, run, makeRoom, () => {
      // It may have been taken out meanwhile.
      if (!this.requests.includes(state)) return;
      state.computed = computed;
      scheduler.blocks.registerFull(state, computed);
      tiers.countHits(run, blockSize);
      this.ready.push(state);
    });
    return true;
  }

  /** The first request whose blocks are back is admitted. */
  take(): void {
    const state = this.ready.shift()!;
    this.requests.splice(this.requests.indexOf(state), 1);
  }

  /** Takes a request out, its blocks with it; undefined when it is not here. */
  withdraw(request: number): RequestState | undefined {
    const state = this.requests.find((each) => each.request === request);
    if (state === undefined) return undefined;
    this.requests.splice(this.requests.indexOf(state), 1);
    if (this.ready.includes(state)) this.ready.splice(this.ready.indexOf(state), 1);
    this.scheduler.releaseBlocks(state);
    return state;
  }

  /**
   * Nothing runs, and requests whose blocks are back are in each other's way: the last one loses its blocks and queues
   * again. False when there is none.
   */
  giveWay(): boolean {
    const state = this.ready.pop();
    if (state === undefined) return false;
    this.requests.splice(this.requests.indexOf(state), 1);
    this.scheduler.releaseBlocks(state);
    this.scheduler.waiting.pushFront(state);
    return true;
  }
}
