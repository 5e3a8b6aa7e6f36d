import { FailureReason, RequestStatus, type RequestLedger } from "../../metrics/request-ledger.ts";
import type { EngineConfig } from "../engine-config.ts";
import { emptyForwardPass, type ForwardPass } from "../forward-pass.ts";
import { Completing, takeBackTokens, type InterruptedRequest } from "../interruption.ts";
import { honouredModelLength } from "../model-length.ts";
import { PassPrice } from "../pass-price.ts";
import type { Semantics } from "../semantics.ts";
import type { EngineRank, RankContext } from "../pass-by-pass/engine-rank.ts";
import { PageSequence } from "./page-sequence.ts";
import { PublishedPages } from "./published-pages.ts";
import { recordSglangPass } from "./sglang-pass-record.ts";
import { newSglangRequest, remainingOutput, sequenceLength, type SglangRequest } from "./sglang-request.ts";
import { SglangScheduler, type SglangListener } from "./sglang-scheduler.ts";
import { TokenPool } from "./token-pool.ts";

/**
 * One rank of an SGLang-like worker: radix-tree cache, token-budget admission, retraction (engine-reference §4.3,
 * other-engines-findings §4, current-findings §3). Under 1.4.2 rules a pass prefills and decodes; under the newest ones
 * it does the one or the other.
 */
export class SglangRank implements EngineRank, SglangListener {
  readonly pool: TokenPool;
  readonly scheduler: SglangScheduler;
  readonly pass: ForwardPass = emptyForwardPass();
  readonly finished: number[] = [];
  protected readonly config: EngineConfig;
  protected readonly semantics: Semantics;
  protected readonly ledger: RequestLedger;
  protected readonly context: RankContext;
  protected readonly price: PassPrice;
  /** Most tokens a request emits in a decode. */
  protected longestBurst: number;
  protected passStartNs = 0;
  private readonly prefillFirst: boolean;
  private readonly modelLength: number;
  /** Requests that emit at the end of the pass, and the tokens each emits. */
  private readonly emitting: SglangRequest[] = [];
  private readonly bursts: number[] = [];
  private readonly sequence: PageSequence;
  private published: PublishedPages | null = null;
  /** Requests the pass under way completes; null where nothing is interrupted. */
  private readonly completing: Completing<SglangRequest> | null;
  private prefillOnly = false;
  private gapNs = 0;
  private gapCount = 0;

  constructor(context: RankContext) {
    const { config, semantics } = context;
    this.context = context;
    this.config = config;
    this.semantics = semantics;
    this.longestBurst = 1 + (config.speculative?.nextn ?? 0);
    this.ledger = context.ledger;
    this.completing = context.interruptible ? new Completing(context.ledger) : null;
    this.prefillFirst = semantics.prefillFirst;
    const sequence = new PageSequence(context.prompts);
    this.sequence = sequence;
    // The 1.4.2 engine caches whatever it is told.
    const caching = config.enablePrefixCaching || !semantics.prefillFirst;
    this.pool = new TokenPool(config.numGpuBlocks, sequence, caching);
    this.scheduler = new SglangScheduler(config, semantics, this.pool, sequence, this, context.tiers, context.rounds);
    this.price = new PassPrice(config);
    this.modelLength = honouredModelLength(config, semantics);
  }

  get hasWork(): boolean {
    const { running, waiting, onboarded } = this.scheduler;
    return running.length > 0 || waiting.length > 0 || onboarded.length > 0;
  }

  get inSystem(): number {
    const { running, waiting, onboarded, onboarding } = this.scheduler;
    return running.length + waiting.length + onboarded.length + onboarding.size;
  }

  get wakeNs(): number {
    return this.context.tiers?.wakeNs ?? Infinity;
  }

  enqueue(request: number): void {
    this.ledger.workerIndex[request] = this.context.index;
    this.scheduler.waiting.push(this.newRequest(request));
  }

  protected newRequest(request: number): SglangRequest {
    const promptLength = this.context.inputLength[request]!;
    return newSglangRequest(request, promptLength, this.outputLimit(request, promptLength), this.pool.tree.root);
  }

  interrupt(request: number, atNs: number): InterruptedRequest | null {
    const state = this.takeOut(request) ?? this.completing?.remove(request) ?? null;
    if (state === null) return null;
    const { endNs } = this.pass;
    const at = endNs > atNs ? this.emitting.indexOf(state) : -1;
    if (at >= 0) {
      this.takeBack(state, this.bursts[at]!, endNs);
      this.emitting.splice(at, 1);
      this.bursts.splice(at, 1);
    }
    return { generated: state.generated, lastTokenNs: state.lastTokenNs, gaps: state.gaps };
  }

  resume(request: number, { generated, lastTokenNs, gaps }: InterruptedRequest): void {
    const state = this.newRequest(request);
    state.generated = Math.min(generated, Math.max(0, state.outputLimit - 1));
    state.lastTokenNs = lastTokenNs;
    state.gaps.push(...gaps);
    state.admitted = generated > 0;
    state.retracted = generated > 0;
    this.ledger.workerIndex[request] = this.context.index;
    this.scheduler.waiting.push(state);
  }

  onClosedRounds(): void {
    this.scheduler.ratio.reset();
  }

  /** Takes a request out of the queue or the batch; null when it is in neither. */
  protected takeOut(request: number): SglangRequest | null {
    const { running, waiting, handedOver, onboarded, onboarding } = this.scheduler;
    for (const state of onboarding) {
      if (state.request !== request) continue;
      onboarding.delete(state);
      this.pool.release(state);
      return state;
    }
    for (const list of [running, waiting, handedOver, onboarded]) {
      const at = list.findIndex((state) => state.request === request);
      if (at < 0) continue;
      const [state] = list.splice(at, 1);
      this.pool.release(state!);
      return state!;
    }
    return null;
  }

  /** Takes back what a request was to emit at the end of the pass under way. */
  protected takeBack(state: SglangRequest, tokens: number, endNs: number): void {
    takeBackTokens(state, tokens, endNs, this.ledger);
  }

  /** Tokens the request may generate here: what it asks for, within the model's length. */
  protected outputLimit(request: number, promptLength: number): number {
    return Math.max(0, Math.min(this.context.outputLength[request]!, this.modelLength - promptLength));
  }

  prefixOverlapBlocks(request: number): number {
    const { pool } = this;
    const pages = Math.floor(this.context.inputLength[request]! / pool.pageSize);
    // Kept from the first time a router asks, which is before it sends anything here.
    this.published ??= new PublishedPages(pool.tree, this.sequence);
    return this.published.before(request, pool.residentPages(request, pages), pages);
  }

  publish(): void {
    this.published?.publish();
  }

  startPass(startNs: number): number {
    this.passStartNs = startNs;
    this.completing?.settle();
    const { scheduler } = this;
    const { tiers } = this.context;
    tiers?.advance(startNs);
    for (;;) {
      scheduler.admit();
      if (scheduler.batch.requests > 0 || scheduler.running.length > 0) break;
      if (this.context.rounds?.closed === true || !this.resolveStandstill()) return -1;
    }
    this.prefillOnly = this.prefillFirst && scheduler.batch.requests > 0;
    if (scheduler.batch.computedTokens > 0) this.context.rounds?.onPrefill();
    const prefillNs = this.prefillTime();
    const decodeNs = this.prefillOnly ? this.choosePrefillEmitters() : this.chooseDecodeEmitters();
    if (decodeNs < 0 && scheduler.batch.requests === 0) return -1;
    this.recordPass(startNs);
    return prefillNs + Math.max(0, decodeNs) + (tiers?.copyOut() ?? 0);
  }

  protected prefillTime(): number {
    const { batch } = this.scheduler;
    return this.price.prefillNs(batch.requests, batch.sumEnds, batch.sumPrefix);
  }

  /** Whether pages are held for prompts handed over or brought back: what does not fit now may fit later. */
  protected get pagesHeldOutside(): boolean {
    return this.scheduler.onboarding.size > 0;
  }

  endPass(endNs: number): void {
    this.pass.endNs = endNs;
    const { emitting, bursts } = this;
    this.gapCount = 0;
    for (let i = 0; i < emitting.length; i++) this.emit(emitting[i]!, bursts[i]!, endNs);
    if (this.gapCount > 0) this.ledger.gaps.add(this.gapNs, this.gapCount);
    const { running, ratio } = this.scheduler;
    let kept = 0;
    for (const state of running) {
      state.completesPrefill = false;
      if (remainingOutput(state) > 0) running[kept++] = state;
      else this.finish(state, state.materialised, endNs);
    }
    running.length = kept;
    if (!this.prefillFirst) ratio.decay();
  }

  onAdmit(state: SglangRequest, reused: number): void {
    const { ledger } = this;
    if (!state.admitted) {
      state.admitted = true;
      ledger.admitNs[state.request] = this.passStartNs;
      ledger.firstReusedTokens[state.request] = reused;
    }
    if (reused > ledger.reusedTokens[state.request]!) ledger.reusedTokens[state.request] = reused;
    if (state.retracted) ledger.preemptions.onReadmitted(state.request, this.passStartNs);
  }

  onRetract({ request }: SglangRequest): void {
    this.ledger.preemptions.onPreempted(request, this.passStartNs);
  }

  onReject(state: SglangRequest, reason: FailureReason): void {
    if (state.admitted) this.fail(state);
    else this.leave(state, RequestStatus.rejected, reason, this.passStartNs);
  }

  /** Prefill-only pass: the requests whose prompt completes emit one token; those that go on need a place for it. */
  private choosePrefillEmitters(): number {
    const { emitting, bursts, scheduler, pool } = this;
    emitting.length = 0;
    bursts.length = 0;
    let pages = 0;
    for (const state of scheduler.running) {
      if (!state.completesPrefill || remainingOutput(state) <= 1) continue;
      if (sequenceLength(state) + 1 > state.pages * pool.pageSize) pages++;
    }
    const fits = pages <= pool.availablePages;
    if (fits) pool.ensureFree(pages);
    for (const state of scheduler.running) {
      if (!state.completesPrefill || remainingOutput(state) === 0) continue;
      if (!fits && remainingOutput(state) > 1) continue;
      emitting.push(state);
      bursts.push(1);
    }
    return 0;
  }

  /**
   * Every running request emits, after room for the longest burst has been made. Returns the decode time, or −1 when the
   * only running request has to wait for pages held outside.
   */
  private chooseDecodeEmitters(): number {
    const { emitting, bursts, scheduler } = this;
    emitting.length = 0;
    bursts.length = 0;
    const retracted = scheduler.retract(this.longestBurst);
    if (this.isOutgrown(this.longestBurst)) {
      if (this.pagesHeldOutside) return -1;
      this.failOutgrown();
    }
    let tokens = 0;
    for (const state of scheduler.running) {
      if (remainingOutput(state) === 0) continue;
      tokens += sequenceLength(state);
      emitting.push(state);
      bursts.push(Math.min(1 + this.acceptedDrafts(), remainingOutput(state)));
    }
    if (this.prefillFirst && !retracted) scheduler.ratio.decay();
    return this.price.decodeNs(emitting.length, tokens, tokens);
  }

  /** Drafts of a request that are accepted in this pass. */
  protected acceptedDrafts(): number {
    return this.context.sampler === null ? 0 : this.context.sampler.acceptedDrafts();
  }

  /** Whether the last running request needs more pages than can be had. */
  private isOutgrown(burst: number): boolean {
    const { scheduler, pool } = this;
    if (scheduler.running.length !== 1 || scheduler.decodeGrowth(burst) <= pool.availablePages) return false;
    // A half-computed prompt that waits can give its pages back.
    return !this.dropWaitingPages() || scheduler.decodeGrowth(burst) > pool.availablePages;
  }

  /** The last running request can never go on. */
  private failOutgrown(): void {
    const state = this.scheduler.running.pop()!;
    this.pool.release(state);
    this.fail(state);
  }

  /** Takes the pages of half-computed prompts back; they start over. Whether there were any. */
  private dropWaitingPages(): boolean {
    let dropped = false;
    for (const state of this.scheduler.waiting) {
      if (state.pages === 0) continue;
      this.pool.release(state);
      dropped = true;
    }
    return dropped;
  }

  /** Nothing runs and nothing can start: gives up on the first in line. False when nobody waits. */
  private resolveStandstill(): boolean {
    const head = this.scheduler.waiting[0];
    if (head === undefined || this.pagesHeldOutside) return false;
    if (head.pages < this.pool.activePages && this.dropWaitingPages()) return true;
    this.scheduler.waiting.shift();
    this.pool.release(head);
    this.onReject(head, FailureReason.promptExceedsKvPool);
    return true;
  }

  private emit(state: SglangRequest, tokens: number, endNs: number): void {
    const { pool } = this;
    this.stampTokens(state, tokens, endNs);
    for (let i = 0; i < tokens; i++) {
      state.generated++;
      const final = state.generated === state.outputLimit;
      if (final && this.prefillOnly) break;
      pool.grow(state, sequenceLength(state));
      state.materialised++;
      if (!final) pool.cache(state, state.materialised);
    }
  }

  /** Writes down that a request emits `tokens` at `endNs`. */
  protected stampTokens(state: SglangRequest, tokens: number, endNs: number): void {
    const { ledger } = this;
    const { request } = state;
    if (state.generated === 0) {
      ledger.firstTokenNs[request] = endNs;
      if (tokens > 1) ledger.secondTokenNs[request] = endNs;
    } else {
      if (state.generated === 1) ledger.secondTokenNs[request] = endNs;
      this.addGap(state, endNs - state.lastTokenNs);
    }
    if (tokens > 1) {
      if (this.context.gapsOfCompletedOnly) state.gaps.push(0, tokens - 1);
      else ledger.gaps.add(0, tokens - 1);
    }
    state.lastTokenNs = endNs;
  }

  private addGap(state: SglangRequest, gapNs: number): void {
    if (this.context.gapsOfCompletedOnly) {
      state.gaps.push(gapNs, 1);
      return;
    }
    if (gapNs === this.gapNs && this.gapCount > 0) {
      this.gapCount++;
      return;
    }
    if (this.gapCount > 0) this.ledger.gaps.add(this.gapNs, this.gapCount);
    this.gapNs = gapNs;
    this.gapCount = 1;
  }

  protected finish(state: SglangRequest, tokens: number, endNs: number): void {
    this.pool.finish(state, tokens);
    if (this.completing !== null) this.completing.add(state);
    else for (let i = 0; i < state.gaps.length; i += 2) this.ledger.gaps.add(state.gaps[i]!, state.gaps[i + 1]!);
    this.leave(state, RequestStatus.completed, FailureReason.none, endNs);
  }

  /** A request that can never be finished; its gaps stay, as in runs in which nothing is interrupted. */
  private fail(state: SglangRequest): void {
    this.completing?.add(state);
    this.leave(state, RequestStatus.failed, FailureReason.outgrewKvPool, this.passStartNs);
  }

  protected leave(state: SglangRequest, status: RequestStatus, reason: FailureReason, atNs: number): void {
    const { ledger } = this;
    const { request } = state;
    ledger.status[request] = status;
    ledger.reason[request] = reason;
    ledger.terminalNs[request] = atNs;
    if (state.generated > 0) {
      ledger.lastTokenNs[request] = state.lastTokenNs;
      ledger.outputTokens[request] = state.generated;
    }
    this.finished.push(request);
  }

  /** Fills the forward-pass record as it stands at the start of the pass. */
  protected recordPass(startNs: number): void {
    const { pass, scheduler, emitting, bursts, prefillOnly, prefillFirst } = this;
    recordSglangPass(pass, { startNs, scheduler, emitting, bursts, prefillOnly, prefillFirst });
    pass.activeBlocks = this.pool.activePages;
  }
}
