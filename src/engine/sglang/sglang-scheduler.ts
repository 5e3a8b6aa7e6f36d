import { FailureReason } from "../../metrics/request-ledger.ts";
import type { EngineConfig } from "../engine-config.ts";
import { honouredModelLength } from "../model-length.ts";
import type { PrefillRounds } from "../prefill-rounds.ts";
import type { Semantics } from "../semantics.ts";
import type { KvTiers } from "../tiers/kv-tiers.ts";
import { NewTokenRatio } from "./new-token-ratio.ts";
import { PageOnboarding } from "./page-onboarding.ts";
import type { PageSequence } from "./page-sequence.ts";
import { PrefillBatch } from "./prefill-batch.ts";
import { remainingOutput, sequenceLength, type SglangRequest } from "./sglang-request.ts";
import type { TokenPool } from "./token-pool.ts";
import { sortByCachedPrefix } from "./waiting-order.ts";

/** Told what the scheduler decides. */
export interface SglangListener {
  /** A request (or a further chunk of it) was taken in with `reused` tokens in place. */
  onAdmit(state: SglangRequest, reused: number): void;
  /** A request was turned away: it can never run. */
  onReject(state: SglangRequest, reason: FailureReason): void;
  /** A running request was taken out to make room and waits again. */
  onRetract(state: SglangRequest): void;
}

/**
 * Admission of an SGLang-like engine: strict first come first served (or longest prefix first), bounded by the pool, the
 * prefill tokens and the chunk of a pass (other-engines-findings §4.22-25; newest rules: current-findings §3).
 */
export class SglangScheduler {
  readonly waiting: SglangRequest[] = [];
  readonly running: SglangRequest[] = [];
  readonly batch = new PrefillBatch();
  /** Requests whose prompt was handed over (disaggregated decode): they run before anybody waiting is admitted. */
  readonly handedOver: SglangRequest[] = [];
  /** Nobody waiting is admitted (a reservation is pending). */
  admissionsClosed = false;
  readonly ratio: NewTokenRatio;
  /** Requests whose pages are brought back from lower cache tiers; null without tiers. */
  readonly onboarding: PageOnboarding | null;
  /** Requests retracted so far. */
  retractions = 0;
  private readonly config: EngineConfig;
  private readonly modelLength: number;
  private readonly wholePromptFirst: boolean;
  private readonly pool: TokenPool;
  private readonly sequence: PageSequence;
  private readonly listener: SglangListener;
  private readonly rounds: PrefillRounds | null;
  private remainingTotal = 0;
  private remainingInput = 0;
  private remainingChunk = 0;

  constructor(
    config: EngineConfig,
    semantics: Semantics,
    pool: TokenPool,
    sequence: PageSequence,
    listener: SglangListener,
    tiers: KvTiers | null,
    rounds: PrefillRounds | null,
  ) {
    this.rounds = rounds;
    this.onboarding = tiers === null ? null : new PageOnboarding(tiers, pool, sequence);
    this.config = config;
    this.modelLength = honouredModelLength(config, semantics);
    this.wholePromptFirst = semantics.prefillFirst;
    this.pool = pool;
    this.sequence = sequence;
    this.listener = listener;
    this.ratio = new NewTokenRatio(config.sglang.scheduleConservativeness);
  }

  /** Takes in what fits; `batch` tells what is to be computed. */
  admit(): void {
    const { waiting, config, pool } = this;
    const { sglang } = config;
    this.batch.reset();
    this.takeHandedOver();
    const onboarded = this.onboarding?.ready ?? [];
    if (onboarded.length > 0) waiting.unshift(...onboarded.splice(0));
    if (waiting.length === 0) return;
    if (sglang.schedulePolicy === "lpm") sortByCachedPrefix(waiting, pool, this.sequence);
    if (this.admissionsClosed || this.handedOver.length > 0 || this.rounds?.closed === true) return;
    this.remainingTotal =
      pool.availablePages * pool.pageSize - this.ratio.expectedTokens(this.running, sglang.clipMaxNewTokens);
    this.remainingInput = sglang.maxPrefillTokens;
    this.remainingChunk = sglang.chunkedPrefillSize;
    let taken = 0;
    let partial: SglangRequest | null = null;
    while (taken < waiting.length && this.inHand < config.maxNumSeqs && this.remainingChunk > 0) {
      const state = waiting[taken]!;
      const reason = this.impossible(state);
      if (reason !== FailureReason.none) {
        waiting.splice(taken, 1);
        pool.release(state);
        this.listener.onReject(state, reason);
        continue;
      }
      if (this.bringBack(state)) {
        waiting.splice(taken, 1, ...onboarded.splice(0));
        continue;
      }
      if (!(this.wholePromptFirst ? this.takeByNewestRules(state) : this.take(state))) break;
      taken++;
      if (state.completesPrefill) this.running.push(state);
      else {
        partial = state;
        break;
      }
    }
    waiting.splice(0, taken);
    if (partial !== null) {
      pool.cache(partial, partial.materialised);
      waiting.unshift(partial);
    }
  }

  /** Requests running and those a lower tier is bringing pages back for. */
  private get inHand(): number {
    return this.running.length + (this.onboarding?.requests.size ?? 0);
  }

  /** Begins to bring back what lower tiers have of a request's prompt; whether it leaves the queue for that. */
  private bringBack(state: SglangRequest): boolean {
    if (this.onboarding === null || !this.config.enablePrefixCaching) return false;
    const tokens = this.onboarding.bringBack(state, (found, rest) => {
      const computed = Math.min(ceilTo(rest, this.pool.pageSize), this.remainingChunk);
      return found + computed + this.reserve(state) < this.remainingTotal;
    });
    this.remainingTotal -= tokens;
    return tokens > 0;
  }

  /** Takes a request out of the queue or the batch, its pages with it; null when it is in neither. */
  withdraw(request: number): SglangRequest | null {
    const onboarding = this.onboarding?.withdraw(request);
    if (onboarding != null) return onboarding;
    for (const list of [this.running, this.waiting, this.handedOver, this.onboarding?.ready ?? []]) {
      const at = list.findIndex((state) => state.request === request);
      if (at < 0) continue;
      const [state] = list.splice(at, 1);
      this.pool.release(state!);
      return state!;
    }
    return null;
  }

  private takeHandedOver(): void {
    const { handedOver, running } = this;
    while (handedOver.length > 0 && running.length < this.config.maxNumSeqs) {
      const state = handedOver.shift()!;
      running.push(state);
      this.listener.onAdmit(state, 0);
    }
  }

  private impossible(state: SglangRequest): FailureReason {
    if (state.promptLength >= this.modelLength) return FailureReason.promptExceedsModelLen;
    return this.pool.couldHold(state) ? FailureReason.none : FailureReason.promptExceedsKvPool;
  }

  /** Tokens to keep free for the output of a request whose last chunk this is. */
  private reserve(state: SglangRequest): number {
    return Math.min(remainingOutput(state), this.config.sglang.clipMaxNewTokens);
  }

  /** 1.4.2: the chunk is cut first, then the cached prefix is taken off. */
  private take(state: SglangRequest): boolean {
    const { pool } = this;
    const { pageSize } = pool;
    const length = sequenceLength(state);
    const extend = length - state.materialised;
    let chunk = extend;
    if (extend <= this.config.sglang.chunkedPrefillSize) {
      const pages = ceilTo(extend, pageSize);
      if (pages > this.remainingChunk || pages > this.remainingInput) return false;
    } else {
      chunk = floorTo(Math.min(this.remainingChunk, this.remainingInput), pageSize);
      if (chunk === 0) return false;
    }
    const end = state.materialised + chunk;
    const final = end === length;
    const reserve = final ? this.reserve(state) : 0;
    const charge = ceilTo(chunk, pageSize);
    if (charge + reserve >= this.remainingTotal) return false;
    const heldBefore = state.pages;
    const prefix =
      state.materialised > 0 ? state.materialised : pool.takePrefix(state, Math.floor(end / pageSize)) * pageSize;
    if (!pool.grow(state, end)) {
      if (heldBefore === 0) pool.release(state);
      this.ratio.reset();
      return false;
    }
    this.remainingTotal -= (state.pages - heldBefore) * pageSize + reserve;
    this.remainingInput -= charge;
    this.remainingChunk -= charge;
    this.settle(state, prefix, end, final);
    this.listener.onAdmit(state, prefix);
    return true;
  }

  /** Newest rules: the cached prefix is taken off first, then the rest is cut to what is left of the chunk. */
  private takeByNewestRules(state: SglangRequest): boolean {
    const { pool } = this;
    const { pageSize } = pool;
    const length = sequenceLength(state);
    const fresh = state.materialised === 0;
    let prefix = state.materialised;
    if (fresh) {
      const cap = state.outputLimit === 0 ? length : length - 1;
      prefix = pool.takePrefix(state, Math.floor(cap / pageSize)) * pageSize;
    }
    const extend = length - prefix;
    const whole = ceilTo(extend, pageSize) <= this.remainingChunk;
    const chunk = whole ? extend : floorTo(this.remainingChunk, pageSize);
    const charge = ceilTo(chunk, pageSize);
    const reserve = whole ? this.reserve(state) : 0;
    if (
      (chunk === 0 && !whole) ||
      charge + reserve >= this.remainingTotal ||
      charge > this.remainingInput ||
      !pool.grow(state, prefix + chunk)
    ) {
      if (fresh) pool.release(state);
      return false;
    }
    this.remainingTotal -= charge + reserve;
    this.remainingInput -= charge;
    this.remainingChunk -= charge;
    this.settle(state, prefix, prefix + chunk, whole);
    if (fresh || state.broughtBack) this.listener.onAdmit(state, prefix);
    state.broughtBack = false;
    return true;
  }

  private settle(state: SglangRequest, prefix: number, end: number, final: boolean): void {
    state.materialised = end;
    state.completesPrefill = final;
    this.batch.add(prefix, end);
  }

  /**
   * Takes running requests out until each of the others can get pages for `burst` more tokens: the one with the fewest
   * output tokens first. The last one stays.
   * @returns whether one was taken out
   */
  retract(burst: number): boolean {
    const { running, pool } = this;
    const retracted: SglangRequest[] = [];
    while (running.length > 1 && this.decodeGrowth(burst) > pool.availablePages) {
      let victim = 0;
      for (let i = 1; i < running.length; i++) if (running[i]!.generated < running[victim]!.generated) victim = i;
      const state = running.splice(victim, 1)[0]!;
      pool.release(state);
      state.retracted = true;
      this.listener.onRetract(state);
      state.completesPrefill = false;
      retracted.push(state);
    }
    pool.ensureFree(this.decodeGrowth(burst));
    this.retractions += retracted.length;
    if (retracted.length === 0) return false;
    if (this.wholePromptFirst) {
      this.waiting.push(...retracted);
      this.ratio.estimate(running);
    } else {
      this.waiting.unshift(...retracted);
      this.ratio.reset();
    }
    return true;
  }

  /** Pages all running requests need for up to `burst` more tokens each. */
  decodeGrowth(burst: number): number {
    const { pageSize } = this.pool;
    let pages = 0;
    for (const state of this.running) {
      const tokens = Math.min(burst, remainingOutput(state));
      pages += Math.max(0, Math.ceil((sequenceLength(state) + tokens) / pageSize) - state.pages);
    }
    return pages;
  }
}

function ceilTo(tokens: number, pageSize: number): number {
  return Math.ceil(tokens / pageSize) * pageSize;
}

function floorTo(tokens: number, pageSize: number): number {
  return Math.floor(tokens / pageSize) * pageSize;
}
