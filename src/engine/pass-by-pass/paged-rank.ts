import { FailureReason, RequestStatus } from "../../metrics/request-ledger.ts";
import type { EngineConfig } from "../engine-config.ts";
import type { ForwardPass } from "../forward-pass.ts";
import { PassPrice } from "../pass-price.ts";
import { Batch } from "./batch.ts";
import { DecodeRowRun, type RowRank } from "./decode-row-run.ts";
import type { EngineRank, RankContext } from "./engine-rank.ts";
import { recordPagedPass } from "./paged-pass-record.ts";
import { PagedRequests } from "./paged-requests.ts";
import { knownTokens, type RequestState } from "./request-state.ts";
import { reserveBurst } from "./speculative-burst.ts";
import { VainPasses } from "./vain-passes.ts";

/**
 * One rank of an aggregated vLLM- or TRT-LLM-like worker, pass by pass and request by request: the plain reading of the
 * rules, and the oracle of the aggregated engine.
 */
export class PagedRank extends PagedRequests implements EngineRank, RowRank {
  protected readonly price: PassPrice;
  /** Requests that want no output and whose prompt the pass being run completes. */
  private readonly withoutOutput: RequestState[] = [];
  private readonly vainPasses = new VainPasses();
  /** What is published of a pass: those who gave way to a burst still count. */
  private readonly counted = new Batch();
  private readonly rows: DecodeRowRun;

  constructor(context: RankContext) {
    super(context);
    this.price = new PassPrice(this.config);
    this.rows = this.newRows();
  }

  /** How passes that only decode are run in rows. */
  protected newRows(): DecodeRowRun {
    return new DecodeRowRun(this, this.config.blockSize);
  }

  /** Runs a row of passes that only decode; 0 when the next pass is not one. See DecodeRowRun. */
  runDecodeRow(startNs: number, untilNs: number, horizonNs: number, previous: ForwardPass): number {
    const { scheduler } = this;
    if (this.context.tiers !== null) return 0;
    if (this.config.speculative !== null || (scheduler.waiting.length > 0 && !scheduler.blocked)) return 0;
    if (scheduler.running.length > this.config.maxNumBatchedTokens) return 0;
    return this.rows.run(startNs, untilNs, horizonNs, previous);
  }

  /** Duration of the decode part of a pass that charges `requests` with `tokens` of prompt and output. */
  decodeNs(requests: number, tokens: number): number {
    const referenced = this.cache.activeBlocks * this.config.blockSize;
    const active = this.semantics.decodeActiveTokens === "referenced-blocks" ? referenced : tokens;
    return this.price.decodeNs(requests, tokens, active);
  }

  /** The record of a pass of a row. */
  recordDecodes(startNs: number, endNs: number, requests: number, knownTokens: number): void {
    this.counted.reset();
    this.counted.decodeRequests = requests;
    this.counted.decodeKvTokens = knownTokens;
    this.recordPass(startNs);
    const { pass } = this;
    pass.endNs = endNs;
    pass.emittingRequests = requests;
    pass.emittedTokens = requests;
    pass.remainingPrefillTokens = 0;
  }

  /** Puts a pass together that starts now; returns its duration in ns, or −1 when there is nothing to run. */
  startPass(startNs: number): number {
    this.passStartNs = startNs;
    this.records.startPass();
    const { scheduler } = this;
    this.context.tiers?.advance(startNs);
    let retried = false;
    for (;;) {
      const pass = this.tryPass(startNs);
      if (pass >= 0) return pass;
      if (scheduler.preemptedThisPass && !retried) {
        retried = true;
        continue;
      }
      if (scheduler.onboarding !== null && scheduler.onboarding.requests.length > 0) {
        if (!scheduler.onboarding.giveWay()) return -1;
      } else if (!this.giveUpOnHead()) return -1;
      retried = false;
    }
  }

  /** Whether blocks are held for prompts that are handed over: what does not fit now may fit later. */
  protected get blocksHeldOutside(): boolean {
    return false;
  }

  /** One attempt at a pass; −1 when it computes nothing. */
  private tryPass(startNs: number): number {
    const { scheduler } = this;
    scheduler.schedule();
    if (scheduler.batch.scheduled === 0) return -1;
    this.collectReady();
    this.releaseWithoutOutput();
    this.counted.copy(scheduler.batch);
    const prefillNs = this.prefillTime();
    const decodeNs = this.decodeTime();
    // The room a burst needs may have cost every running request its place.
    const emptied = scheduler.batch.scheduled === 0 && this.withoutOutput.length === 0;
    if (emptied && !this.mayRunInVain()) return -1;
    this.sampleBursts();
    if (!emptied && !this.mayStandStill(prefillNs + decodeNs)) return -1;
    this.recordPass(startNs);
    return prefillNs + decodeNs + (this.context.tiers?.copyOut() ?? 0);
  }

  /**
   * Whether a pass that lost all its requests to the room for their bursts counts all the same, with its prefill time:
   * it does while blocks are held for hand-offs, which may come free meanwhile.
   */
  private mayRunInVain(): boolean {
    return this.blocksHeldOutside && this.vainPasses.another();
  }

  /** Whether a pass counts that takes no time: it must get somebody on, or not be the last of too many that do not. */
  private mayStandStill(durationNs: number): boolean {
    if (durationNs === 0 && this.withoutOutput.length === 0 && !this.ready.someEmit) return this.vainPasses.another();
    this.vainPasses.reset();
    return true;
  }

  /** Applies what the pass computed: tokens, completions. */
  endPass(endNs: number): void {
    this.pass.endNs = endNs;
    this.leaveRejected(endNs);
    for (const state of this.withoutOutput.splice(0)) this.finishWithoutOutput(state, endNs);
    let done = 0;
    const { states, bursts } = this.ready;
    for (let i = 0; i < states.length; i++) {
      const state = states[i]!;
      const tokens = bursts[i]!;
      if (tokens > 0) this.emit(state, tokens, endNs);
      if (state.generated < state.outputLimit) continue;
      this.finish(state, endNs);
      done++;
    }
    if (done === 0) return;
    const { running } = this.scheduler;
    let kept = 0;
    for (const state of running) if (!this.isDone(state)) running[kept++] = state;
    running.length = kept;
  }

  /** A request that wants no output is done with its prefill: its blocks are free before anybody decodes. */
  protected releaseWithoutOutput(): void {
    const done = this.ready.withoutOutput();
    if (done.length === 0) return;
    const { running } = this.scheduler;
    for (const state of done) {
      this.releasePrompt(state);
      running.splice(running.indexOf(state), 1);
      this.withoutOutput.push(state);
    }
    this.collectReady();
  }

  protected releasePrompt(state: RequestState): void {
    this.scheduler.releaseBlocks(state);
  }

  /** Rejected requests leave when the pass that came upon them ends, at once when there is none. */
  endIdle(endNs: number): boolean {
    if (!this.leaveRejected(endNs)) return false;
    this.ready.bursts.length = 0;
    this.counted.reset();
    this.recordPass(endNs);
    this.pass.endNs = endNs;
    return true;
  }

  protected isDone(state: RequestState): boolean {
    return state.computed >= state.promptLength && state.generated >= state.outputLimit;
  }

  protected prefillTime(): number {
    const { batch } = this.scheduler;
    return this.price.prefillNs(batch.prefillRequests, batch.sumPrefillEnds, batch.sumPrefillPrefix);
  }

  /** Whether a request that is ready counts in this pass's decode time. */
  protected isCharged(state: RequestState): boolean {
    if (state.outputLimit === 0) return false;
    if (this.semantics.chargeFirstTokenInDecode || this.config.speculative !== null) return true;
    return state.generated > 0 || state.passBefore >= state.promptLength || state.passScheduled === 0;
  }

  protected decodeTime(): number {
    // Room for the burst is made first; the blocks kept free for it do not count as active.
    if (this.config.speculative !== null && reserveBurst(this)) this.collectReady();
    let requests = 0;
    let tokens = 0;
    for (const state of this.ready.states) {
      if (!this.isCharged(state)) continue;
      requests++;
      tokens += knownTokens(state);
    }
    return this.decodeNs(requests, tokens);
  }

  collectReady(): void {
    this.ready.collect(this.scheduler.running);
  }

  /** The requests the pass has made ready, for the burst reservation. */
  get readyRequests(): readonly RequestState[] {
    return this.ready.states;
  }

  get engineConfig(): EngineConfig {
    return this.config;
  }

  private sampleBursts(): void {
    const { states, bursts } = this.ready;
    bursts.length = states.length;
    for (let i = 0; i < states.length; i++) bursts[i] = this.burstLength(states[i]!);
  }

  /** Tokens a ready request emits in this pass. */
  protected burstLength(state: RequestState): number {
    const drafted = this.context.sampler?.acceptedDrafts() ?? 0;
    return Math.min(1 + drafted, state.outputLimit - state.generated);
  }

  /** Emits `tokens` of a request at the end of a pass. */
  protected emit(state: RequestState, tokens: number, endNs: number): void {
    const { ledger } = this;
    const { request } = state;
    if (Number.isNaN(state.lastTokenNs)) {
      ledger.firstTokenNs[request] = endNs;
      if (tokens > 1) ledger.secondTokenNs[request] = endNs;
    } else {
      if (state.generated === 1) ledger.secondTokenNs[request] = endNs;
      this.records.addGap(state, Math.round(endNs - state.lastTokenNs), 1);
    }
    if (tokens > 1) this.records.addGap(state, 0, tokens - 1);
    state.lastTokenNs = endNs;
    ledger.lastTokenNs[request] = endNs;
    state.generated += tokens;
    ledger.outputTokens[request] = state.generated;
    if (this.config.speculative !== null) this.growAfterBurst(state);
  }

  /** After a burst the blocks cover every token, and all but the last token count as computed. */
  protected growAfterBurst(state: RequestState): void {
    const known = knownTokens(state);
    while (state.blocks.length < Math.ceil(known / this.config.blockSize)) state.blocks.push(this.cache.allocate());
    this.scheduler.blocks.registerFull(state, known - 1);
    state.computed = known - 1;
  }

  protected finish(state: RequestState, endNs: number): void {
    this.scheduler.releaseBlocks(state);
    this.records.complete(state);
    this.leave(state.request, RequestStatus.completed, FailureReason.none, endNs);
  }

  protected finishWithoutOutput(state: RequestState, endNs: number): void {
    this.records.complete(state);
    this.leave(state.request, RequestStatus.completed, FailureReason.none, endNs);
  }

  /** Nothing runs and the head cannot start: it never will. False when nobody waits. */
  protected giveUpOnHead(): boolean {
    const { waiting } = this.scheduler;
    if (waiting.length === 0) return false;
    const lacksBlocks = !this.scheduler.room.has(waiting.first!);
    const head = waiting.removeFirst();
    this.records.fail(head);
    const reason = lacksBlocks ? FailureReason.outgrewKvPool : FailureReason.promptExceedsTokenBudget;
    this.leave(head.request, RequestStatus.failed, reason, this.passStartNs);
    return true;
  }

  /** Fills the forward-pass record as it stands at the start of the pass. */
  protected recordPass(startNs: number): void {
    recordPagedPass(this.pass, startNs, this.counted, this.scheduler, this.ready.bursts);
    this.pass.activeBlocks = this.cache.activeBlocks;
  }
}
