import { FailureReason, RequestStatus, type RequestLedger } from "../../metrics/request-ledger.ts";
import type { EngineConfig } from "../engine-config.ts";
import { emptyForwardPass, type ForwardPass } from "../forward-pass.ts";
import { goOnFrom, sentSoFar, takeBackTokens, type InterruptedRequest } from "../interruption.ts";
import { honouredModelLength } from "../model-length.ts";
import type { RankContext } from "../pass-by-pass/engine-rank.ts";
import { RequestRecords } from "../pass-by-pass/request-records.ts";
import type { Semantics } from "../semantics.ts";
import { EmittingRequests } from "./emitting-requests.ts";
import { PageSequence } from "./page-sequence.ts";
import { PublishedPages } from "./published-pages.ts";
import { newSglangRequest, sequenceLength, type SglangRequest } from "./sglang-request.ts";
import { SglangScheduler, type SglangListener } from "./sglang-scheduler.ts";
import { TokenPool } from "./token-pool.ts";

/**
 * The requests of a rank of an SGLang-like worker: how they come and leave, whatever its passes compute, and what becomes
 * of those its scheduler admits, retracts and turns away.
 */
export abstract class SglangRequests implements SglangListener {
  readonly pool: TokenPool;
  readonly scheduler: SglangScheduler;
  /** Record of the pass started last. */
  readonly pass: ForwardPass = emptyForwardPass();
  protected readonly config: EngineConfig;
  protected readonly semantics: Semantics;
  protected readonly ledger: RequestLedger;
  protected readonly context: RankContext;
  protected readonly sequence: PageSequence;
  protected readonly records: RequestRecords<SglangRequest>;
  protected readonly emitting = new EmittingRequests();
  protected passStartNs = 0;
  /** Requests retracted in the pass under way, and the tokens they have. */
  protected readonly retracted = { requests: 0, tokens: 0 };
  private readonly modelLength: number;
  private published: PublishedPages | null = null;

  constructor(context: RankContext) {
    const { config, semantics, tiers, rounds } = context;
    this.context = context;
    this.config = config;
    this.semantics = semantics;
    this.ledger = context.ledger;
    this.records = new RequestRecords(context);
    const sequence = new PageSequence(context.prompts);
    this.sequence = sequence;
    // The 1.4.2 engine caches whatever it is told.
    const caching = config.enablePrefixCaching || !semantics.prefillFirst;
    this.pool = new TokenPool(config.numGpuBlocks, sequence, caching);
    this.scheduler = new SglangScheduler(config, semantics, this.pool, sequence, this, tiers, rounds);
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
    const state = this.scheduler.withdraw(request) ?? this.records.withdraw(request);
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

  /** A request can never be finished. */
  protected fail(state: SglangRequest): void {
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
}
