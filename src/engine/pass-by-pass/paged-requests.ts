import { RequestStatus, type FailureReason, type RequestLedger } from "../../metrics/request-ledger.ts";
import { promisesWholeOutput, type EngineConfig } from "../engine-config.ts";
import { emptyForwardPass, type ForwardPass } from "../forward-pass.ts";
import { goOnFrom, sentSoFar, takeBackTokens, type InterruptedRequest } from "../interruption.ts";
import { honouredModelLength } from "../model-length.ts";
import type { Semantics } from "../semantics.ts";
import type { RankContext } from "./engine-rank.ts";
import { PagedKvCache } from "./paged-kv-cache.ts";
import { PublishedKeys } from "./published-keys.ts";
import { ReadyRequests } from "./ready-requests.ts";
import { RequestRecords } from "./request-records.ts";
import { newRequestState, type RequestState } from "./request-state.ts";
import { VllmScheduler, type SchedulerListener } from "./vllm-scheduler.ts";

/**
 * The requests of a rank of a vLLM- or TRT-LLM-like worker: how they come and leave, whatever its passes compute, and
 * what becomes of those its scheduler admits, preempts and refuses.
 */
export abstract class PagedRequests implements SchedulerListener {
  readonly cache: PagedKvCache;
  readonly scheduler: VllmScheduler;
  /** Record of the pass started last. */
  readonly pass: ForwardPass = emptyForwardPass();
  readonly ledger: RequestLedger;
  protected readonly config: EngineConfig;
  protected readonly semantics: Semantics;
  protected readonly context: RankContext;
  protected readonly records: RequestRecords<RequestState>;
  protected readonly ready = new ReadyRequests();
  protected passStartNs = 0;
  /** Requests the pass being run refuses. */
  private readonly rejected: { readonly request: number; readonly reason: FailureReason }[] = [];
  private published: PublishedKeys | null = null;

  constructor(context: RankContext) {
    const { config, semantics, ledger, prompts } = context;
    this.context = context;
    this.config = config;
    this.semantics = semantics;
    this.ledger = ledger;
    this.records = new RequestRecords(context);
    this.cache = new PagedKvCache(config.numGpuBlocks, config.enablePrefixCaching, prompts.keySpan);
    this.scheduler = new VllmScheduler(config, semantics, this.cache, prompts, this, context.tiers, context.rounds);
  }

  get finished(): number[] {
    return this.records.finished;
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
    this.ledger.workerIndex[request] = this.context.index;
    this.scheduler.waiting.pushBack(this.newState(request));
  }

  interrupt(request: number, atNs: number): InterruptedRequest | null {
    const state = this.takeOut(request) ?? this.records.withdraw(request);
    if (state === null) return null;
    const { endNs } = this.pass;
    const tokens = endNs > atNs ? this.ready.withdraw(state) : 0;
    if (tokens > 0) this.takeBack(state, tokens, endNs);
    return sentSoFar(state);
  }

  resume(request: number, begun: InterruptedRequest): void {
    const state = this.newState(request);
    goOnFrom(begun, state);
    state.preempted = state.admitted;
    this.ledger.workerIndex[request] = this.context.index;
    this.scheduler.waiting.pushBack(state);
  }

  protected newState(request: number): RequestState {
    const promptLength = this.context.inputLength[request]!;
    return newRequestState(request, promptLength, this.outputLimit(request, promptLength));
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
      const room = this.config.numGpuBlocks * this.config.blockSize - promptLength;
      // Without room for one token a request that wants any is refused.
      limit = Math.min(limit, promisesWholeOutput(this.config) ? Math.max(1, room) : room);
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

  onAdmit({ request, admitted, preempted }: RequestState, cachedTokens: number): void {
    this.records.admit(request, cachedTokens, !admitted, this.passStartNs);
    if (preempted) this.ledger.preemptions.onReadmitted(request, this.passStartNs);
  }

  onPreempt({ request }: RequestState): void {
    this.ledger.preemptions.onPreempted(request, this.passStartNs);
  }

  onReject(state: RequestState, reason: FailureReason): void {
    this.rejected.push({ request: state.request, reason });
  }

  /** Refused requests leave; whether there were any. */
  protected leaveRejected(atNs: number): boolean {
    if (this.rejected.length === 0) return false;
    for (const { request, reason } of this.rejected) this.leave(request, RequestStatus.rejected, reason, atNs);
    this.rejected.length = 0;
    return true;
  }

  /** A request leaves for good. */
  protected leave(request: number, status: RequestStatus, reason: FailureReason, atNs: number): void {
    this.records.leave(request, status, reason, atNs);
  }
}
