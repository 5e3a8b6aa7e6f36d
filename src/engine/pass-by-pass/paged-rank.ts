import { FailureReason, RequestStatus, type RequestLedger } from "../../metrics/request-ledger.ts";
import type { EngineConfig } from "../engine-config.ts";
import { emptyForwardPass, type ForwardPass } from "../forward-pass.ts";
import { Completing, takeBackTokens, type InterruptedRequest } from "../interruption.ts";
import { honouredModelLength } from "../model-length.ts";
import { PassPrice } from "../pass-price.ts";
import type { Semantics } from "../semantics.ts";
import type { AcceptanceSampler } from "../speculative/acceptance-sampler.ts";
import { Batch } from "./batch.ts";
import { PagedKvCache } from "./paged-kv-cache.ts";
import { DecodeRow } from "./decode-row.ts";
import { runDecodeRow, type RowRank } from "./decode-row-run.ts";
import type { EngineRank, RankContext } from "./engine-rank.ts";
import { recordPagedPass } from "./paged-pass-record.ts";
import { PublishedKeys } from "./published-keys.ts";
import { knownTokens, newRequestState, type RequestState } from "./request-state.ts";
import { reserveBurst } from "./speculative-burst.ts";
import { VllmScheduler, type SchedulerListener } from "./vllm-scheduler.ts";

const mostVainPasses = 1000;

/**
 * One rank of an aggregated vLLM- or TRT-LLM-like worker, pass by pass and request by request: the plain reading of the
 * rules, and the oracle of the aggregated engine.
 */
export class PagedRank implements EngineRank, SchedulerListener, RowRank {
  readonly cache: PagedKvCache;
  readonly scheduler: VllmScheduler;
  readonly pass: ForwardPass;
  readonly finished: number[] = [];
  protected readonly config: EngineConfig;
  protected readonly semantics: Semantics;
  protected readonly ledger: RequestLedger;
  protected readonly context: RankContext;
  protected readonly price: PassPrice;
  protected readonly sampler: AcceptanceSampler | null;
  /** Requests that end this pass with all their tokens computed, in running order, and the tokens each emits. */
  protected readonly ready: RequestState[] = [];
  protected readonly bursts: number[] = [];
  /** Requests that want no output and whose prompt the pass being run completes. */
  protected readonly withoutOutput: RequestState[] = [];
  /** Requests the pass being run refuses. */
  private readonly rejected: { readonly request: number; readonly reason: FailureReason }[] = [];
  /** Passes in a row that lost all their requests. */
  private vainPasses = 0;
  /** What is published of a pass: those who gave way to a burst still count. */
  private readonly counted = new Batch();
  protected passStartNs = 0;
  /** Requests the pass under way completes; null where nothing is interrupted. */
  private readonly completing: Completing<RequestState> | null;
  private readonly row: DecodeRow;
  private published: PublishedKeys | null = null;

  constructor(context: RankContext) {
    this.context = context;
    this.config = context.config;
    this.semantics = context.semantics;
    this.ledger = context.ledger;
    this.cache = new PagedKvCache(this.config.numGpuBlocks, this.config.enablePrefixCaching, context.prompts.keySpan);
    this.scheduler = new VllmScheduler(
      this.config,
      this.semantics,
      this.cache,
      context.prompts,
      this,
      context.tiers,
      context.rounds,
    );
    this.price = new PassPrice(this.config);
    this.row = new DecodeRow(this.config.blockSize);
    this.sampler = context.sampler;
    this.completing = context.interruptible ? new Completing(context.ledger) : null;
    this.pass = emptyForwardPass();
  }

  get hasWork(): boolean {
    const { running, waiting, onboarding } = this.scheduler;
    return running.length > 0 || waiting.length > 0 || (onboarding !== null && onboarding.ready.length > 0);
  }

  get inSystem(): number {
    const { running, waiting, onboarding } = this.scheduler;
    return running.length + waiting.length + (onboarding?.requests.length ?? 0);
  }

  get wakeNs(): number {
    return this.context.tiers?.wakeNs ?? Infinity;
  }

  enqueue(request: number): void {
    const promptLength = this.context.inputLength[request]!;
    this.ledger.workerIndex[request] = this.context.index;
    this.scheduler.waiting.pushBack(newRequestState(request, promptLength, this.outputLimit(request, promptLength)));
  }

  interrupt(request: number, atNs: number): InterruptedRequest | null {
    const state = this.takeOut(request) ?? this.completing?.remove(request) ?? null;
    if (state === null) return null;
    const { endNs } = this.pass;
    const at = endNs > atNs ? this.ready.indexOf(state) : -1;
    const tokens = at < 0 ? 0 : this.bursts[at]!;
    if (tokens > 0) this.takeBack(state, tokens, endNs);
    this.ready.splice(at < 0 ? this.ready.length : at, 1);
    if (at >= 0) this.bursts.splice(at, 1);
    return { generated: state.generated, lastTokenNs: state.lastTokenNs, gaps: state.gaps };
  }

  resume(request: number, { generated, lastTokenNs, gaps }: InterruptedRequest): void {
    const promptLength = this.context.inputLength[request]!;
    const state = newRequestState(request, promptLength, this.outputLimit(request, promptLength));
    state.generated = Math.min(generated, Math.max(0, state.outputLimit - 1));
    state.lastTokenNs = lastTokenNs;
    state.gaps.push(...gaps);
    state.admitted = generated > 0;
    state.preempted = generated > 0;
    this.ledger.workerIndex[request] = this.context.index;
    this.scheduler.waiting.pushBack(state);
  }

  /** Takes a request out of the queue or the batch; null when it is in neither. */
  protected takeOut(request: number): RequestState | null {
    const { running, waiting } = this.scheduler;
    const onboarding = this.scheduler.onboarding?.withdraw(request);
    if (onboarding !== undefined) return onboarding;
    const at = running.findIndex((state) => state.request === request);
    const state = at >= 0 ? running.splice(at, 1)[0] : waiting.remove(request);
    if (state === undefined) return null;
    this.scheduler.releaseBlocks(state);
    return state;
  }

  /** Takes back what a request was to emit at the end of the pass under way. */
  protected takeBack(state: RequestState, tokens: number, endNs: number): void {
    takeBackTokens(state, tokens, endNs, this.ledger);
  }

  /** Tokens the request may generate here: what it asks for, within the model's length and (TRT-LLM) the pool. */
  protected outputLimit(request: number, promptLength: number): number {
    let limit = this.context.outputLength[request]!;
    if (this.config.engineType === "trtllm") {
      limit = Math.min(limit, this.config.numGpuBlocks * this.config.blockSize - promptLength);
    }
    return Math.max(0, Math.min(limit, honouredModelLength(this.config, this.semantics) - promptLength));
  }

  prefixOverlapBlocks(request: number): number {
    const full = Math.floor(this.context.inputLength[request]! / this.config.blockSize);
    const blocks = Math.min(this.context.prompts.sharedBlocks(request), full);
    // Kept from the first time a router asks, which is before it sends anything here.
    if (blocks > 0 && this.semantics.kvEventsAt === "pass-end") this.published ??= new PublishedKeys(this.cache);
    const known = this.published ?? this.cache;
    let overlap = 0;
    while (overlap < blocks && known.has(this.context.prompts.key(request, overlap))) overlap++;
    return overlap;
  }

  publish(): void {
    this.published?.publish();
  }

  /**
   * Runs a row of passes that only decode, as far as it goes before `untilNs`; the same passes one by one give the same
   * numbers.
   * @param previous gets the record of the pass before the last
   * @returns how many passes, 0 when the next one is not of that kind
   */
  runDecodeRow(startNs: number, untilNs: number, horizonNs: number, previous: ForwardPass): number {
    const { scheduler } = this;
    if (this.context.tiers !== null) return 0;
    if (this.config.speculative !== null || (scheduler.waiting.length > 0 && !scheduler.blocked)) return 0;
    if (scheduler.running.length > this.config.maxNumBatchedTokens) return 0;
    return runDecodeRow(this, this.row, startNs, untilNs, horizonNs, previous);
  }

  /** Duration of a pass in which `requests` emit a token and nothing else happens. */
  rowPassNs(requests: number, knownTokens: number): number {
    const active =
      this.semantics.decodeActiveTokens === "referenced-blocks"
        ? this.cache.activeBlocks * this.config.blockSize
        : knownTokens;
    return this.price.decodeNs(requests, knownTokens, active);
  }

  recordGaps(gapNs: number, count: number): void {
    this.ledger.gaps.add(gapNs, count);
  }

  /** Brings a request past `count` passes of a row that ends at `endNs`. */
  skipAhead(state: RequestState, count: number, endNs: number): void {
    state.generated += count;
    state.computed += count;
    this.scheduler.registerFullBlocks(state, state.computed);
    state.lastTokenNs = endNs;
    this.ledger.lastTokenNs[state.request] = endNs;
    this.ledger.outputTokens[state.request] = state.generated;
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
    this.completing?.settle();
    const { scheduler } = this;
    this.context.tiers?.advance(startNs);
    let retried = false;
    for (;;) {
      const pass = this.tryPass(startNs);
      if (pass >= 0) return pass;
      if (scheduler.preemptedThisPass) {
        if (!retried) {
          retried = true;
          continue;
        }
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
   * it does while blocks are held for hand-offs, which may come free meanwhile. The reference repeats such passes for
   * ever; here there is an end to it, so that prompts that wait for each other fail.
   */
  private mayRunInVain(): boolean {
    return this.blocksHeldOutside && ++this.vainPasses <= mostVainPasses;
  }

  /** Whether a pass counts that takes no time: it must get somebody on, or not be the last of too many that do not. */
  private mayStandStill(durationNs: number): boolean {
    const getsOn = durationNs > 0 || this.withoutOutput.length > 0 || this.bursts.some((tokens) => tokens > 0);
    this.vainPasses = getsOn ? 0 : this.vainPasses + 1;
    return this.vainPasses <= mostVainPasses;
  }

  /** Applies what the pass computed: tokens, completions. */
  endPass(endNs: number): void {
    this.pass.endNs = endNs;
    if (this.rejected.length > 0) this.leaveRejected(endNs);
    for (const state of this.withoutOutput.splice(0)) this.finishWithoutOutput(state, endNs);
    let done = 0;
    for (let i = 0; i < this.ready.length; i++) {
      const state = this.ready[i]!;
      const tokens = this.bursts[i]!;
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
    if (this.ready.every((state) => state.outputLimit > 0)) return;
    const { running } = this.scheduler;
    for (const state of this.ready.filter((state) => state.outputLimit === 0)) {
      this.scheduler.releaseBlocks(state);
      running.splice(running.indexOf(state), 1);
      this.withoutOutput.push(state);
    }
    this.collectReady();
  }

  onAdmit(state: RequestState, cachedTokens: number): void {
    const { ledger } = this;
    const request = state.request;
    if (!state.admitted) {
      ledger.admitNs[request] = this.passStartNs;
      ledger.firstReusedTokens[request] = cachedTokens;
    }
    if (cachedTokens > ledger.reusedTokens[request]!) ledger.reusedTokens[request] = cachedTokens;
    if (state.preempted) ledger.preemptions.onReadmitted(request, this.passStartNs);
  }

  onPreempt({ request }: RequestState): void {
    this.ledger.preemptions.onPreempted(request, this.passStartNs);
  }

  onReject(state: RequestState, reason: FailureReason): void {
    this.rejected.push({ request: state.request, reason });
  }

  /** Rejected requests leave when the pass that came upon them ends, at once when there is none. */
  endIdle(endNs: number): boolean {
    if (this.rejected.length === 0) return false;
    this.leaveRejected(endNs);
    this.bursts.length = 0;
    this.counted.reset();
    this.recordPass(endNs);
    this.pass.endNs = endNs;
    return true;
  }

  private leaveRejected(atNs: number): void {
    for (const { request, reason } of this.rejected) this.leave(request, RequestStatus.rejected, reason, atNs);
    this.rejected.length = 0;
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
    for (const state of this.ready) {
      if (!this.isCharged(state)) continue;
      requests++;
      tokens += knownTokens(state);
    }
    const referenced = this.cache.activeBlocks * this.config.blockSize;
    const active = this.semantics.decodeActiveTokens === "referenced-blocks" ? referenced : tokens;
    return this.price.decodeNs(requests, tokens, active);
  }

  collectReady(): void {
    const { ready } = this;
    let count = 0;
    for (const state of this.scheduler.running) {
      if (state.passScheduled >= 0 && state.computed === knownTokens(state)) ready[count++] = state;
    }
    ready.length = count;
  }

  /** The requests the pass has made ready, for the burst reservation. */
  get readyRequests(): readonly RequestState[] {
    return this.ready;
  }

  get engineConfig(): EngineConfig {
    return this.config;
  }

  private sampleBursts(): void {
    const { ready, bursts } = this;
    bursts.length = ready.length;
    for (let i = 0; i < ready.length; i++) bursts[i] = this.burstLength(ready[i]!);
  }

  /** Tokens a ready request emits in this pass. */
  protected burstLength(state: RequestState): number {
    const drafted = this.sampler === null ? 0 : this.sampler.acceptedDrafts();
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
      this.recordGap(state, Math.round(endNs - state.lastTokenNs), 1);
    }
    if (tokens > 1) this.recordGap(state, 0, tokens - 1);
    state.lastTokenNs = endNs;
    ledger.lastTokenNs[request] = endNs;
    state.generated += tokens;
    ledger.outputTokens[request] = state.generated;
    if (this.config.speculative !== null) this.growAfterBurst(state);
  }

  private recordGap(state: RequestState, gapNs: number, count: number): void {
    if (!this.context.gapsOfCompletedOnly) this.ledger.gaps.add(gapNs, count);
    else state.gaps.push(gapNs, count);
  }

  /** After a burst the blocks cover every token, and all but the last token count as computed. */
  protected growAfterBurst(state: RequestState): void {
    const known = knownTokens(state);
    while (state.blocks.length < Math.ceil(known / this.config.blockSize)) state.blocks.push(this.cache.allocate());
    this.scheduler.registerFullBlocks(state, known - 1);
    state.computed = known - 1;
  }

  protected finish(state: RequestState, endNs: number): void {
    this.scheduler.releaseBlocks(state);
    if (this.completing !== null) this.completing.add(state);
    else for (let i = 0; i < state.gaps.length; i += 2) this.ledger.gaps.add(state.gaps[i]!, state.gaps[i + 1]!);
    this.leave(state.request, RequestStatus.completed, FailureReason.none, endNs);
  }

  protected finishWithoutOutput(state: RequestState, endNs: number): void {
    this.completing?.add(state);
    this.leave(state.request, RequestStatus.completed, FailureReason.none, endNs);
  }

  protected leave(request: number, status: RequestStatus, reason: FailureReason, atNs: number): void {
    this.ledger.status[request] = status;
    this.ledger.reason[request] = reason;
    this.ledger.terminalNs[request] = atNs;
    this.finished.push(request);
  }

  /** Nothing runs and the head cannot start: it never will. False when nobody waits. */
  protected giveUpOnHead(): boolean {
    const { waiting } = this.scheduler;
    if (waiting.length === 0) return false;
    const lacksBlocks = this.scheduler.lacksBlocks(waiting.first!);
    const head = waiting.removeFirst();
    this.completing?.add(head);
    const reason = lacksBlocks ? FailureReason.outgrewKvPool : FailureReason.promptExceedsTokenBudget;
    this.leave(head.request, RequestStatus.failed, reason, this.passStartNs);
    return true;
  }

  /** Fills the forward-pass record as it stands at the start of the pass. */
  protected recordPass(startNs: number): void {
    recordPagedPass(this.pass, startNs, this.counted, this.scheduler, this.bursts);
    this.pass.activeBlocks = this.cache.activeBlocks;
  }
}
