import { FailureReason, RequestStatus } from "../../metrics/request-ledger.ts";
import { PassPrice } from "../pass-price.ts";
import type { EngineRank, RankContext } from "../pass-by-pass/engine-rank.ts";
import { GapRun } from "./gap-run.ts";
import { PageShortage } from "./page-shortage.ts";
import { recordSglangPass } from "./sglang-pass-record.ts";
import { remainingOutput, sequenceLength, type SglangRequest } from "./sglang-request.ts";
import { SglangRequests } from "./sglang-requests.ts";

/**
 * One rank of an SGLang-like worker: radix-tree cache, token-budget admission, retraction (engine-reference §4.3,
 * other-engines-findings §4, current-findings §3). Under 1.4.2 rules a pass prefills and decodes; under the newest ones
 * it does the one or the other.
 */
export class SglangRank extends SglangRequests implements EngineRank {
  protected readonly price: PassPrice;
  /** Most tokens a request emits in a decode. */
  protected longestBurst: number;
  private readonly prefillFirst: boolean;
  private readonly shortage: PageShortage;
  private readonly gapRun: GapRun;
  private prefillOnly = false;

  constructor(context: RankContext) {
    super(context);
    this.longestBurst = 1 + (context.config.speculative?.nextn ?? 0);
    this.gapRun = new GapRun(context.ledger);
    this.prefillFirst = context.semantics.prefillFirst;
    this.shortage = new PageShortage(this.scheduler, this.pool);
    this.price = new PassPrice(context.config);
  }

  onClosedRounds(): void {
    this.scheduler.ratio.reset();
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

  /** Fills the forward-pass record as it stands at the start of the pass. */
  protected recordPass(startNs: number): void {
    const { pass, scheduler, emitting, retracted, prefillOnly, prefillFirst } = this;
    recordSglangPass(pass, { startNs, scheduler, emitting, retracted, prefillOnly, prefillFirst });
    pass.activeBlocks = this.pool.activePages;
  }
}
