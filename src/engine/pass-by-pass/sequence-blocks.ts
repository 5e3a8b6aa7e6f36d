import type { EngineConfig } from "../engine-config.ts";
import { ownBlockKey, type PromptBlocks } from "../prompt-blocks.ts";
import type { PagedKvCache } from "./paged-kv-cache.ts";
import { knownTokens, type RequestState } from "./request-state.ts";

/** The blocks of requests' sequences in a paged cache: by what key they are known, which are resident, named, held. */
export class SequenceBlocks {
  /** Leading blocks that were found resident by the last look-up, and how many of them are referenced. */
  found = 0;
  foundReferenced = 0;
  /** How many blocks have come free because another copy of their content was resident (`sharesCopies`). */
  copiesDropped = 0;
  private readonly config: EngineConfig;
  private readonly cache: PagedKvCache;
  private readonly prompts: PromptBlocks;
  /** Lower cache tiers know every content by its key, so blocks no other prompt shares have theirs from the first. */
  private readonly remembersOwn: boolean;
  /** Whom the last look-up was for; it holds while the cache has this version. */
  private lookedUp: RequestState | null = null;
  private lookUpVersion = -1;

  constructor(config: EngineConfig, cache: PagedKvCache, prompts: PromptBlocks, remembersOwn: boolean) {
    this.config = config;
    this.cache = cache;
    this.prompts = prompts;
    this.remembersOwn = remembersOwn;
  }

  /** Key of block `k` of a request's whole sequence. */
  key(state: RequestState, k: number): number {
    return k < this.prompts.sharedBlocks(state.request)
      ? this.prompts.key(state.request, k)
      : ownBlockKey(state.request, k);
  }

  /** Finds the longest resident chain of full blocks; at least one token is left to compute except under TRT-LLM. */
  lookUp(state: RequestState): void {
    if (this.lookedUp === state && this.lookUpVersion === this.cache.version) return;
    this.lookedUp = state;
    this.lookUpVersion = this.cache.version;
    this.found = 0;
    this.foundReferenced = 0;
    if (!this.config.enablePrefixCaching) return;
    const most = this.mostFound(state);
    for (let k = 0; k < most; k++) {
      const block = this.cache.find(this.key(state, k));
      if (block < 0) break;
      this.found++;
      if (this.cache.isReferenced(block)) this.foundReferenced++;
    }
    if (this.config.speculative !== null && !this.mayFindAll(state) && this.found > 0) {
      this.found--;
      this.foundReferenced = Math.min(this.foundReferenced, this.found);
    }
  }

  /** Most leading blocks of a request that may be found instead of computed. */
  mostFound(state: RequestState): number {
    return Math.floor((knownTokens(state) - (this.mayFindAll(state) ? 0 : 1)) / this.config.blockSize);
  }

  private mayFindAll(state: RequestState): boolean {
    return this.config.engineType === "trtllm" || state.outputLimit === 0;
  }

  /** References the first `count` blocks of a request, which are resident. */
  takeFound(state: RequestState, count: number): void {
    for (let k = 0; k < count; k++) {
      const block = this.cache.find(this.key(state, k));
      this.cache.acquire(block);
      state.blocks.push(block);
    }
    state.registered = count;
  }

  /**
   * Block `k` of a request, for tokens about to be computed. Where copies are shared, a block that the request's known
   * tokens fill is named here already, computed or not, and a resident one of that name is taken instead.
   */
  obtain(state: RequestState, k: number): number {
    const { sharesCopies, enablePrefixCaching, blockSize } = this.config;
    if (sharesCopies !== true || !enablePrefixCaching || (k + 1) * blockSize > knownTokens(state)) {
      return this.cache.allocate();
    }
    const key = this.key(state, k);
    const resident = this.cache.find(key);
    if (resident >= 0) {
      this.cache.acquire(resident);
      return resident;
    }
    const block = this.cache.allocate();
    if (key >= 0) {
      this.cache.register(block, key);
    } else {
      this.cache.registerOwn(block);
      this.cache.rememberOwn(block, key);
    }
    return block;
  }

  /** Names the blocks that hold `tokens` computed tokens in full. */
  registerFull(state: RequestState, tokens: number): void {
    const full = Math.floor(tokens / this.config.blockSize);
    if (state.registered >= full) return;
    if (this.config.sharesCopies === true) this.takeResidentCopies(state, full);
    const shared = Math.min(full, this.prompts.sharedBlocks(state.request));
    let k = state.registered;
    for (; k < shared; k++) this.cache.register(state.blocks[k]!, this.prompts.key(state.request, k));
    for (; k < full; k++) {
      this.cache.registerOwn(state.blocks[k]!);
      if (this.remembersOwn) this.cache.rememberOwn(state.blocks[k]!, this.key(state, k));
    }
    state.registered = full;
  }

  /** Blocks that are about to be named give way to resident ones of that name. */
  private takeResidentCopies(state: RequestState, full: number): void {
    if (!this.config.enablePrefixCaching) return;
    for (let k = state.registered; k < full; k++) {
      const resident = this.cache.find(this.key(state, k));
      if (resident < 0 || resident === state.blocks[k]) continue;
      this.cache.acquire(resident);
      this.cache.release(state.blocks[k]!);
      state.blocks[k] = resident;
      this.copiesDropped++;
    }
  }

  /** Lets a request find the blocks again that no other prompt shares, when it comes back. */
  rememberOwn(state: RequestState): void {
    for (let k = this.prompts.sharedBlocks(state.request); k < state.registered; k++) {
      this.cache.rememberOwn(state.blocks[k]!, this.key(state, k));
    }
  }

  /** Lets go of all blocks, the last of the sequence first. */
  release(state: RequestState): void {
    for (let i = state.blocks.length - 1; i >= 0; i--) this.cache.release(state.blocks[i]!);
    state.blocks.length = 0;
    state.registered = 0;
  }
}
