import { promisesWholeOutput, type EngineConfig } from "../engine-config.ts";
import type { PrefillRounds } from "../prefill-rounds.ts";
import { ownBlockKey, type PromptBlocks } from "../prompt-blocks.ts";
import { FailureReason } from "../../metrics/request-ledger.ts";
import type { Semantics } from "../semantics.ts";
import type { KvTiers } from "../tiers/kv-tiers.ts";
import { Batch } from "./batch.ts";
import { honouredModelLength } from "../model-length.ts";
import type { PagedKvCache } from "./paged-kv-cache.ts";
import { knownTokens, type RequestState } from "./request-state.ts";
import { WaitingLine } from "./waiting-line.ts";
import { Onboarding } from "./onboarding.ts";

/** What a scheduler tells the rank it works for. */
export interface SchedulerListener {
  /** `cachedTokens` of the request's tokens were found resident. */
  onAdmit(state: RequestState, cachedTokens: number): void;
  onReject(state: RequestState, reason: FailureReason): void;
  /** A running request lost its blocks and waits again. */
  onPreempt(state: RequestState): void;
}

/**
 * vLLM- and TRT-LLM-like continuous batching over a paged cache, one request at a time (engine-reference §4.1-4.2,
 * engine-findings §1): running requests first, then strict first-in-first-out admission; when the pool is full vLLM
 * preempts, TRT-LLM never lets it come to that.
 */
export class VllmScheduler {
  readonly running: RequestState[] = [];
  readonly waiting = new WaitingLine();
  /**
   * The head of the queue cannot be admitted before a request leaves, is preempted, or the caller clears this: only
   * then has its admission to be tried again.
   */
  blocked = false;
  readonly batch = new Batch();
  /** True when this pass took a request's blocks away; no admissions then. */
  preemptedThisPass = false;
  /** Requests preempted so far. */
  preemptions = 0;
  /** Only requests whose prompt was handed over may be admitted (a reservation is pending). */
  onlyMaterialised = false;
  /** Requests whose blocks are brought back from lower cache tiers; null without tiers. */
  readonly onboarding: Onboarding | null;
  /** Most tokens a request emits in a pass, with room for them made before; 0 without speculation. */
  longestBurst: number;
  private budget = 0;
  readonly config: EngineConfig;
  readonly cache: PagedKvCache;
  private readonly prompts: PromptBlocks;
  private readonly listener: SchedulerListener;
  private readonly rounds: PrefillRounds | null;
  /** Prompts are put off in this pass; and the last pass in which they were not left nobody waiting. */
  private putsOffPrompts = false;
  private queueWasEmptied = true;
  private readonly noEvict: boolean;
  private readonly wholePromptMayHit: boolean;
  private readonly modelLength: number;
  /** Prefix look-up of the queue's head, valid while the cache has this version. */
  private lookedUp: RequestState | null = null;
  private lookUpVersion = -1;
  private hitBlocks = 0;
  private hitReferenced = 0;

  constructor(
    config: EngineConfig,
    semantics: Semantics,
    cache: PagedKvCache,
    prompts: PromptBlocks,
    listener: SchedulerListener,
    tiers: KvTiers | null = null,
    rounds: PrefillRounds | null = null,
  ) {
    this.rounds = rounds;
    this.config = config;
    this.cache = cache;
    this.prompts = prompts;
    this.listener = listener;
    this.noEvict = promisesWholeOutput(config);
    this.wholePromptMayHit = config.engineType === "trtllm";
    this.longestBurst = config.speculative === null ? 0 : config.speculative.nextn + 1;
    this.modelLength = honouredModelLength(config, semantics);
    this.onboarding = tiers === null ? null : new Onboarding(tiers, this);
  }

  /** Puts the next pass together: `batch` and the requests' `passScheduled` say what it computes. */
  schedule(): void {
    this.batch.reset();
    this.preemptedThisPass = false;
    this.budget = this.config.maxNumBatchedTokens;
    for (const state of this.running) state.passScheduled = -1;
    this.putsOffPrompts =
      this.rounds?.deferring === true &&
      this.queueWasEmptied &&
      this.running.some((state) => state.computed >= state.promptLength);
    this.scheduleRunning();
    const queued = this.waiting.length;
    if (!this.preemptedThisPass) this.admitWaiting();
    if (!this.putsOffPrompts) this.queueWasEmptied = this.waiting.length === 0;
    if (this.batch.prefillRequests > 0) this.rounds?.onPrefill();
    const unchanged = !this.preemptedThisPass && this.waiting.length === queued;
    this.blocked = queued > 0 && unchanged && this.batch.prefillRequests === 0;
  }

  /** Key of block k of a request's whole sequence. */
  blockKey(state: RequestState, k: number): number {
    return k < this.prompts.sharedBlocks(state.request)
      ? this.prompts.key(state.request, k)
      : ownBlockKey(state.request, k);
  }

  /** Lets go of all blocks, the last of the sequence first. */
  releaseBlocks(state: RequestState): void {
    this.blocked = false;
    for (let i = state.blocks.length - 1; i >= 0; i--) this.cache.release(state.blocks[i]!);
    state.blocks.length = 0;
    state.registered = 0;
  }

  /** Takes a running request's blocks and sends it to the front of the queue; its generated tokens stay. */
  preempt(index: number): RequestState {
    const victim = this.running[index]!;
    this.running.splice(index, 1);
    if (victim.passScheduled >= 0) {
      this.budget += victim.passScheduled;
      this.batch.count(victim, -1);
      victim.passScheduled = -1;
    }
    // Only now can somebody look for blocks no other prompt shares: the victim itself, when it comes back.
    for (let k = this.prompts.sharedBlocks(victim.request); k < victim.registered; k++) {
      this.cache.rememberOwn(victim.blocks[k]!, this.blockKey(victim, k));
    }
    this.releaseBlocks(victim);
    this.listener.onPreempt(victim);
    victim.computed = 0;
    victim.preempted = true;
    victim.materialised = false;
    this.waiting.pushFront(victim);
    this.blocked = false;
    this.preemptedThisPass = true;
    this.preemptions++;
    return victim;
  }

  /** Which running request gives way next. */
  victimIndex(): number {
    return this.config.preemptionMode === "lifo" ? this.running.length - 1 : 0;
  }

  /** Names the blocks that hold `tokens` computed tokens in full. */
  registerFullBlocks(state: RequestState, tokens: number): void {
    const full = Math.floor(tokens / this.config.blockSize);
    if (state.registered >= full) return;
    const shared = Math.min(full, this.prompts.sharedBlocks(state.request));
    let k = state.registered;
    for (; k < shared; k++) this.cache.register(state.blocks[k]!, this.prompts.key(state.request, k));
    for (; k < full; k++) {
      this.cache.registerOwn(state.blocks[k]!);
      // Lower tiers know every content by its key.
      if (this.onboarding !== null) this.cache.rememberOwn(state.blocks[k]!, this.blockKey(state, k));
    }
    state.registered = full;
  }

  private scheduleRunning(): void {
    // The cursor is not moved back when a FIFO victim before it leaves the list: the request after the one being
    // served then misses this pass (engine-findings §1.11).
    for (let cursor = 0; cursor < this.running.length && this.budget > 0; cursor++) {
      const state = this.running[cursor]!;
      if (this.putsOffPrompts && knownTokens(state) - state.computed > 1) continue;
      const want = Math.min(knownTokens(state) - state.computed, this.budget);
      if (this.makeRoom(state, want)) this.take(state, want);
      else cursor--;
    }
  }

  /** Preempts until `want` more tokens of the request fit; false when it had to give way itself. */
  private makeRoom(state: RequestState, want: number): boolean {
    const needed = Math.ceil((state.computed + want) / this.config.blockSize) - state.blocks.length;
    while (needed > this.cache.availableBlocks) {
      if (this.preempt(this.victimIndex()) === state) return false;
    }
    return true;
  }

  /** Schedules `tokens` of an admitted request: blocks, names, counts. */
  private take(state: RequestState, tokens: number): void {
    state.passBefore = state.computed;
    state.passScheduled = tokens;
    state.computed += tokens;
    const blocks = Math.ceil(state.computed / this.config.blockSize);
    while (state.blocks.length < blocks) state.blocks.push(this.cache.allocate());
    this.registerFullBlocks(state, state.computed);
    this.budget -= tokens;
    this.batch.count(state, 1);
  }

  /** Takes in hand-offs that have arrived; preempted requests before them in the queue wait. */
  private admitMaterialised(): void {
    while (this.budget > 0 && this.running.length < this.config.maxNumSeqs) {
      const state = this.waiting.removeFirstMaterialised();
      if (state === undefined) return;
      this.admit(state, 0, state.computed);
    }
  }

  private admitWaiting(): void {
    const { config, waiting } = this;
    if (this.onlyMaterialised) {
      this.admitMaterialised();
      return;
    }
    if (!this.admitOnboarded()) return;
    while (waiting.length > 0 && this.inHand < config.maxNumSeqs) {
      const state = waiting.first!;
      if (!state.materialised) {
        const reason = this.rejection(state);
        if (reason !== FailureReason.none) {
          waiting.removeFirst();
          this.listener.onReject(state, reason);
          continue;
        }
      }
      if (state.materialised) {
        // It computes nothing in this pass, so it needs no budget: a preempted one before it may have used it up.
        waiting.removeFirst();
        this.admit(state, 0, state.computed);
        if (this.budget === 0) return;
        continue;
      }
      this.lookUpPrefix(state);
      if (!this.fits(state)) return;
      if (this.onboarding?.bringBack(state, this.hitBlocks, this.mostHits(state)) === true) {
        if (!this.admitOnboarded()) return;
        continue;
      }
      const cached = this.hitBlocks * config.blockSize;
      const remaining = knownTokens(state) - cached;
      if (this.putsOffPrompts && remaining > 1) return;
      // A prompt found in full (TRT-LLM) needs no budget.
      if (this.budget === 0 && remaining > 0) return;
      if (!config.enableChunkedPrefill && remaining > this.budget) return;
      waiting.removeFirst();
      this.takeHits(state, this.hitBlocks);
      state.computed = cached;
      this.admit(state, Math.min(remaining, this.budget), cached);
    }
  }

  /** Requests running and those a lower tier is bringing blocks back for. */
  private get inHand(): number {
    return this.running.length + (this.onboarding?.requests.length ?? 0);
  }

  /** Takes in requests whose blocks are back, in the order they came back; false when one must wait. */
  private admitOnboarded(): boolean {
    if (this.onboarding === null) return true;
    const { ready } = this.onboarding;
    while (ready.length > 0) {
      const state = ready[0]!;
      const remaining = knownTokens(state) - state.computed;
      const blocks = Math.ceil(knownTokens(state) / this.config.blockSize) - state.blocks.length;
      if (this.running.length >= this.config.maxNumSeqs || blocks > this.cache.availableBlocks) return false;
      if ((this.budget === 0 || !this.config.enableChunkedPrefill) && remaining > this.budget) return false;
      this.onboarding.take();
      this.admit(state, Math.min(remaining, this.budget), state.computed);
    }
    return true;
  }

  /** References the first `count` resident blocks of a request. */
  takeHits(state: RequestState, count: number): void {
    for (let k = 0; k < count; k++) {
      const block = this.cache.find(this.blockKey(state, k));
      this.cache.acquire(block);
      state.blocks.push(block);
    }
    state.registered = count;
  }

  private admit(state: RequestState, tokens: number, cached: number): void {
    this.running.push(state);
    this.listener.onAdmit(state, cached);
    state.admitted = true;
    this.take(state, tokens);
  }

  /** Why a request that was never admitted cannot run at all. */
  private rejection(state: RequestState): FailureReason {
    if (state.admitted) return FailureReason.none;
    const { config } = this;
    if (state.promptLength >= this.modelLength) return FailureReason.promptExceedsModelLen;
    const tokens = this.noEvict ? state.promptLength + state.outputLimit : state.promptLength;
    if (this.noEvict && state.promptLength >= config.numGpuBlocks * config.blockSize) {
      return FailureReason.promptExceedsKvPool;
    }
    return Math.ceil(tokens / config.blockSize) > config.numGpuBlocks
      ? FailureReason.promptExceedsKvPool
      : FailureReason.none;
  }

  /** Longest resident chain of full blocks; at least one token is left to compute except under TRT-LLM. */
  private lookUpPrefix(state: RequestState): void {
    if (this.lookedUp === state && this.lookUpVersion === this.cache.version) return;
    this.lookedUp = state;
    this.lookUpVersion = this.cache.version;
    this.hitBlocks = 0;
    this.hitReferenced = 0;
    if (!this.config.enablePrefixCaching) return;
    const most = this.mostHits(state);
    for (let k = 0; k < most; k++) {
      const block = this.cache.find(this.blockKey(state, k));
      if (block < 0) break;
      this.hitBlocks++;
      if (this.cache.isReferenced(block)) this.hitReferenced++;
    }
    if (this.config.speculative !== null && !this.isUncapped(state) && this.hitBlocks > 0) {
      this.hitBlocks--;
      this.hitReferenced = Math.min(this.hitReferenced, this.hitBlocks);
    }
  }

  /** Most leading blocks of a request that may be found instead of computed. */
  private mostHits(state: RequestState): number {
    return Math.floor((knownTokens(state) - (this.isUncapped(state) ? 0 : 1)) / this.config.blockSize);
  }

  private isUncapped(state: RequestState): boolean {
    return this.wholePromptMayHit || state.outputLimit === 0;
  }

  /** Whether the whole sequence (TRT-LLM: prompt and all output) fits beside what is promised to others. */
  private fits(state: RequestState): boolean {
    const { config, cache } = this;
    if (!this.noEvict) {
      if (state.preempted && this.outgrowsPool(state)) return false;
      const needed = Math.ceil(knownTokens(state) / config.blockSize) - this.hitReferenced;
      return needed <= config.numGpuBlocks - cache.activeBlocks;
    }
    const needed = this.worstCaseBlocks(state) - this.hitReferenced;
    let available = config.numGpuBlocks - cache.activeBlocks;
    const outside = this.onboarding?.requests ?? [];
    for (const other of this.running) available -= this.worstCaseBlocks(other) - other.blocks.length;
    for (const other of outside) available -= this.worstCaseBlocks(other) - other.blocks.length;
    return needed <= available;
  }

  /** Whether a waiting request cannot start for want of blocks. */
  lacksBlocks(state: RequestState): boolean {
    this.lookUpPrefix(state);
    return !this.fits(state);
  }

  /** Whether the pool cannot hold a request with its next burst of tokens, even when it has it to itself. */
  outgrowsPool(state: RequestState): boolean {
    const { blockSize, numGpuBlocks } = this.config;
    const burst = Math.min(this.longestBurst, state.outputLimit - state.generated);
    return Math.ceil((knownTokens(state) + burst) / blockSize) > numGpuBlocks;
  }

  private worstCaseBlocks(state: RequestState): number {
    return Math.ceil((state.promptLength + state.outputLimit) / this.config.blockSize);
  }
}
