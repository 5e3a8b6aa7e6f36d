import { FailureReason, RequestStatus, type RequestLedger } from "../../metrics/request-ledger.ts";
import type { EngineConfig } from "../engine-config.ts";
import { emptyForwardPass, type ForwardPass } from "../forward-pass.ts";
import { goOnFrom, sentSoFar, takeBackTokens, type InterruptedRequest } from "../interruption.ts";
import { honouredModelLength } from "../model-length.ts";
import { PassPrice } from "../pass-price.ts";
import type { Semantics } from "../semantics.ts";
import type { EngineRank, RankContext } from "../pass-by-pass/engine-rank.ts";
import { RequestRecords } from "../pass-by-pass/request-records.ts";
import { EmittingRequests } from "./emitting-requests.ts";
import { GapRun } from "./gap-run.ts";
import { PageSequence } from "./page-sequence.ts";
import { PageShortage } from "./page-shortage.ts";
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
  protected readonly config: EngineConfig;
  protected readonly semantics: Semantics;
  protected readonly ledger: RequestLedger;
  protected readonly context: RankContext;
  protected readonly price: PassPrice;
  /** Most tokens a request emits in a decode. */
  protected longestBurst: number;
  protected passStartNs = 0;
  /** Requests retracted in the pass under way, and the tokens they have. */
  private readonly retracted = { requests: 0, tokens: 0 };
  private readonly prefillFirst: boolean;
  private readonly modelLength: number;
  private readonly emitting = new EmittingRequests();
  protected readonly sequence: PageSequence;
  private published: PublishedPages | null = null;
  private readonly records: RequestRecords<SglangRequest>;
  private readonly shortage: PageShortage;
  private readonly gapRun: GapRun;
  private prefillOnly = false;

  constructor(context: RankContext) {
    const { config, semantics } = context;
    this.context = context;
    this.config = config;
    this.semantics = semantics;
    this.longestBurst = 1 + (config.speculative?.nextn ?? 0);
    this.ledger = context.ledger;
    this.records = new RequestRecords(context);
    this.gapRun = new GapRun(context.ledger);
    this.prefillFirst = semantics.prefillFirst;
    const sequence = new PageSequence(context.prompts);
    this.sequence = sequence;
    // The 1.4.2 engine caches whatever it is told.
    const caching = config.enablePrefixCaching || !semantics.prefillFirst;
    this.pool = new TokenPool(config.numGpuBlocks, sequence, caching);
    this.scheduler = new SglangScheduler(config, semantics, this.pool, sequence, this, context.tiers, context.rounds);
    this.shortage = new PageShortage(this.scheduler, this.pool);
    this.price = new PassPrice(config);
    this.modelLength = honouredModelLength(config, semantics);
  }

  get finished(): number[] {
    return this.records.finished;
  }

  get hasWork(): boolean {
    const { running, waiting, onboarding } = this.scheduler;
    return running.length > 0 || waiting.length > 0 || (onboarding?.ready.length ?? 0) > 0;
  }

  get inSystem(): number {
    const { running, waiting, onboarding } = this.scheduler;
    return running.length + waiting.length + (onboarding?.size ?? 0);
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
    const state = this.takeOut(request) ?? this.records.withdraw(request);
    if (state === null) return null;
    const { endNs } = this.pass;
    const tokens = endNs > atNs ? this.emitting.withdraw(state) : 0;
    if (tokens > 0) this.takeBack(state, tokens, endNs);
    return sentSoFar(state);
  }

  resume(request: number, begun: InterruptedRequest): void {
    const state = this.newRequest(request);
    goOnFrom(begun, state);
    state.retracted = state.admitted;
    this.ledger.workerIndex[request] = this.context.index;
    this.scheduler.waiting.push(state);
  }

  onClosedRounds(): void {
    this.scheduler.ratio.reset();
  }

  /** Takes a request out of the queue or the batch; null when it is in neither. */
  protected takeOut(request: number): SglangRequest | null {
    return this.scheduler.withdraw(request);
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
    this.retracted.requests = 0;
    this.retracted.tokens = 0;
    this.records.startPass();
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
    this.emitting.clear();
    const decodeNs = this.prefillOnly ? this.emitAfterPrefill() : this.emitFromAll();
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
    return (this.scheduler.onboarding?.requests.size ?? 0) > 0;
  }

  endPass(endNs: number): void {
    this.pass.endNs = endNs;
    const { states, bursts } = this.emitting;
    for (let i = 0; i < states.length; i++) this.emit(states[i]!, bursts[i]!, endNs);
    this.gapRun.flush();
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
    this.records.admit(state.request, reused, !state.admitted, this.passStartNs);
    state.admitted = true;
    if (state.retracted) this.ledger.preemptions.onReadmitted(state.request, this.passStartNs);
  }

  onRetract(state: SglangRequest): void {
    const { request } = state;
    this.retracted.requests++;
    this.retracted.tokens += sequenceLength(state);
    this.ledger.preemptions.onPreempted(request, this.passStartNs);
  }

  onReject(state: SglangRequest, reason: FailureReason): void {
    if (state.admitted) this.fail(state);
    else this.leave(state, RequestStatus.rejected, reason, this.passStartNs);
  }

  /** Whose prompt completes emits a token; nobody decodes. */
  private emitAfterPrefill(): number {
    this.emitting.addCompletedPrompts(this.scheduler.running, this.pool);
    return 0;
  }

  /**
   * Every running request emits, after room for the longest burst has been made. Returns the decode time, or −1 when the
   * only running request has to wait for pages held outside.
   */
  private emitFromAll(): number {
    const { emitting, scheduler } = this;
    const retracted = scheduler.retract(this.longestBurst);
    if (this.shortage.isOutgrown(this.longestBurst)) {
      if (this.pagesHeldOutside) return -1;
      this.fail(this.shortage.takeOutgrown());
    }
    let tokens = 0;
    for (const state of scheduler.running) {
      if (remainingOutput(state) === 0) continue;
      tokens += sequenceLength(state);
      emitting.add(state, Math.min(1 + this.acceptedDrafts(), remainingOutput(state)));
    }
    if (this.prefillFirst && !retracted) scheduler.ratio.decay();
    return this.price.decodeNs(emitting.states.length, tokens, tokens);
  }

  /** Drafts of a request that are accepted in this pass. */
  protected acceptedDrafts(): number {
    return this.context.sampler === null ? 0 : this.context.sampler.acceptedDrafts();
  }

  /** Nothing runs and nothing can start: makes room, or gives up on the first in line. False when nobody waits. */
  private resolveStandstill(): boolean {
    if (this.scheduler.waiting.length === 0 || this.pagesHeldOutside) return false;
    const hopeless = this.shortage.takeHopeless();
    if (hopeless !== null) this.onReject(hopeless, FailureReason.promptExceedsKvPool);
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
      if (this.context.gapsOfCompletedOnly) state.gaps.push(endNs - state.lastTokenNs, 1);
      else this.gapRun.add(endNs - state.lastTokenNs);
    }
    if (tokens > 1) this.records.addGap(state, 0, tokens - 1);
    state.lastTokenNs = endNs;
  }

  protected finish(state: SglangRequest, tokens: number, endNs: number): void {
    this.pool.finish(state, tokens);
    this.records.complete(state);
    this.leave(state, RequestStatus.completed, FailureReason.none, endNs);
  }

  /** A request can never be finished. */
  private fail(state: SglangRequest): void {
    this.records.fail(state);
    this.leave(state, RequestStatus.failed, FailureReason.outgrewKvPool, this.passStartNs);
  }

  protected leave(state: SglangRequest, status: RequestStatus, reason: FailureReason, atNs: number): void {
    const { ledger } = this;
    const { request } = state;
    if (state.generated > 0) {
      ledger.lastTokenNs[request] = state.lastTokenNs;
      ledger.outputTokens[request] = state.generated;
    }
    this.records.leave(request, status, reason, atNs);
  }

  /** Fills the forward-pass record as it stands at the start of the pass. */
  protected recordPass(startNs: number): void {
    const { pass, scheduler, emitting, retracted, prefillOnly, prefillFirst } = this;
    recordSglangPass(pass, { startNs, scheduler, emitting, retracted, prefillOnly, prefillFirst });
    pass.activeBlocks = this.pool.activePages;
  }
}
