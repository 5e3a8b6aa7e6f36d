import type { EngineConfig } from "../engine-config.ts";
import type { PrefillRounds } from "../prefill-rounds.ts";
import type { PromptBlocks } from "../prompt-blocks.ts";
import { FailureReason } from "../../metrics/request-ledger.ts";
import type { Semantics } from "../semantics.ts";
import type { KvTiers } from "../tiers/kv-tiers.ts";
import { Batch } from "./batch.ts";
import { honouredModelLength } from "../model-length.ts";
import type { PagedKvCache } from "./paged-kv-cache.ts";
import { PoolRoom } from "./pool-room.ts";
import { knownTokens, type RequestState } from "./request-state.ts";
import { SequenceBlocks } from "./sequence-blocks.ts";
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
  /** Whether the pool has room for a request. */
  readonly room: PoolRoom;
  private budget = 0;
  readonly config: EngineConfig;
  readonly cache: PagedKvCache;
  /** Blocks the requests hold and find. */
  readonly blocks: SequenceBlocks;
  private readonly listener: SchedulerListener;
  private readonly rounds: PrefillRounds | null;
  /** Prompts are put off in this pass; and the last pass in which they were not left nobody waiting. */
  private putsOffPrompts = false;
  private queueWasEmptied = true;
  private readonly modelLength: number;

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
    this.blocks = new SequenceBlocks(config, cache, prompts, tiers !== null);
    this.listener = listener;
    this.modelLength = honouredModelLength(config, semantics);
    this.onboarding = tiers === null ? null : new Onboarding(tiers, this);
    this.room = new PoolRoom(config, this.modelLength, cache, this.blocks, [
      this.running,
      ...(this.onboarding === null ? [] : [this.onboarding.requests]),
    ]);
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

  /** Lets go of a request's blocks: the head of the queue may fit now. */
  releaseBlocks(state: RequestState): void {
    this.blocked = false;
    this.blocks.release(state);
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
    this.blocks.rememberOwn(victim);
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
    while (state.blocks.length < blocks) state.blocks.push(this.blocks.obtain(state, state.blocks.length));
    this.blocks.registerFull(state, state.computed);
    this.budget -= tokens;
    this.batch.count(state, 1);
  }

  /** Takes in hand-offs that have arrived; preempted requests before them in the queue wait. */
  private admitMaterialised(): void {
    while (this.running.length < this.config.maxNumSeqs) {
      const state = this.waiting.removeFirstMaterialised();
      if (state === undefined) return;
      this.takeOver(state);
      if (this.budget === 0) return;
    }
  }

  /** Takes in a hand-off, or refuses one that is too long for this worker: only now is that found out. */
  private takeOver(state: RequestState): void {
    if (state.promptLength < this.modelLength) {
      this.admit(state, 0, state.computed);
      return;
    }
    this.releaseBlocks(state);
    this.listener.onReject(state, FailureReason.promptExceedsModelLen);
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
        const reason = this.room.rejection(state);
        if (reason !== FailureReason.none) {
          waiting.removeFirst();
          this.listener.onReject(state, reason);
          continue;
        }
      }
      if (state.materialised) {
        // It computes nothing in this pass, so it needs no budget: a preempted one before it may have used it up.
        waiting.removeFirst();
        this.takeOver(state);
        if (this.budget === 0) return;
        continue;
      }
      if (!this.room.has(state)) return;
      if (this.onboarding?.bringBack(state, this.blocks.found, this.blocks.mostFound(state)) === true) {
        if (!this.admitOnboarded()) return;
        continue;
      }
      const cached = this.blocks.found * config.blockSize;
      const remaining = knownTokens(state) - cached;
      if (this.putsOffPrompts && remaining > 1) return;
      // A prompt found in full (TRT-LLM) needs no budget, but a pass that has none left takes in only one.
      const spent = this.budget === 0;
      if (spent && remaining > 0) return;
      if (!config.enableChunkedPrefill && remaining > this.budget) return;
      waiting.removeFirst();
      this.blocks.takeFound(state, this.blocks.found);
      state.computed = cached;
      this.admit(state, Math.min(remaining, this.budget), cached);
      if (spent) return;
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

  private admit(state: RequestState, tokens: number, cached: number): void {
    this.running.push(state);
    this.listener.onAdmit(state, cached);
    state.admitted = true;
    this.take(state, tokens);
  }
}
