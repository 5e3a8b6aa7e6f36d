import type { HandoffColumns } from "../../metrics/handoff-columns.ts";
import { nothingSent, type InterruptedRequest } from "../interruption.ts";
import type { RankContext } from "../pass-by-pass/engine-rank.ts";
import type { HandoffDecodeRank } from "../pass-by-pass/handoff-rank.ts";
import { SglangRank } from "./sglang-rank.ts";
import type { SglangRequest } from "./sglang-request.ts";

/**
 * A rank of an SGLang-like decode pool: reserves pages for a prompt before it is computed elsewhere, takes it over and
 * generates; what it has to compute again after a retraction costs no time (other-engines-findings §4.31).
 */
export class SglangDecodeRank extends SglangRank implements HandoffDecodeRank {
  readonly pending: SglangRequest[] = [];
  /** Requests with a destination whose prompt is on its way, and how many of their pages were cached. */
  private readonly reserved = new Map<number, { readonly state: SglangRequest; readonly pinned: number }>();
  private readonly handoffs: HandoffColumns;
  /** Changes when pages have come free: a head that did not fit is tried again only then. */
  private capacityChanges = 0;
  private triedAtChange = -1;

  constructor(context: RankContext, handoffs: HandoffColumns) {
    super(context);
    this.handoffs = handoffs;
  }

  override get inSystem(): number {
    return super.inSystem + this.scheduler.handedOver.length + this.pending.length + this.reserved.size;
  }

  override get hasWork(): boolean {
    return super.hasWork || this.scheduler.handedOver.length > 0;
  }

  offerDestination(request: number): void {
    this.ledger.workerIndex[request] = this.context.index;
    if (this.pending.length === 0) this.triedAtChange = -1;
    this.pending.push(this.newRequest(request));
    this.scheduler.admissionsClosed = true;
  }

  /** See DecodeWorker.tryReserve. */
  tryReserve(atNs: number): number {
    const { pool } = this;
    const state = this.pending[0];
    const changes = this.capacityChanges + this.scheduler.retractions;
    if (state === undefined || this.triedAtChange === changes) return -1;
    const pinned = pool.takePrefix(state, Math.floor(state.promptLength / pool.pageSize));
    if (!pool.grow(state, state.promptLength)) {
      pool.release(state);
      this.triedAtChange = changes;
      return -1;
    }
    this.triedAtChange = -1;
    this.pending.shift();
    this.scheduler.admissionsClosed = this.pending.length > 0;
    this.reserved.set(state.request, { state, pinned });
    this.handoffs.destinationReservedNs[state.request] = atNs;
    return state.request;
  }

  freshBlocks(request: number): number {
    const { state, pinned } = this.reserved.get(request)!;
    return state.pages - pinned;
  }

  activate(request: number, atNs: number): void {
    const { state } = this.reserved.get(request)!;
    this.reserved.delete(request);
    this.handoffs.destinationActivatedNs[request] = atNs;
    state.materialised = state.promptLength;
    const { freePages } = this.pool;
    this.pool.cache(state, state.promptLength);
    // Copies of pages that came into the tree meanwhile are free now.
    if (this.pool.freePages > freePages) this.capacityChanges++;
    this.scheduler.handedOver.push(state);
  }

  abandonDestination(request: number): void {
    const { state } = this.reserved.get(request)!;
    this.reserved.delete(request);
    this.pool.release(state);
    this.capacityChanges++;
  }

  override interrupt(request: number, atNs: number): InterruptedRequest | null {
    if (this.reserved.has(request)) {
      this.abandonDestination(request);
      return nothingSent();
    }
    const at = this.pending.findIndex((state) => state.request === request);
    if (at >= 0) {
      this.pending.splice(at, 1);
      this.triedAtChange = -1;
      this.scheduler.admissionsClosed = this.pending.length > 0;
      return nothingSent();
    }
    const interrupted = super.interrupt(request, atNs);
    if (interrupted !== null) this.capacityChanges++;
    return interrupted;
  }

  override onAdmit(state: SglangRequest, reused: number): void {
    const { handoffs } = this;
    if (!state.admitted) {
      state.admitted = true;
      handoffs.decodeAdmitNs[state.request] = this.passStartNs;
    } else if (reused > handoffs.decodeReusedTokens[state.request]!) {
      handoffs.decodeReusedTokens[state.request] = reused;
    }
    if (state.retracted) this.ledger.preemptions.onReadmitted(state.request, this.passStartNs);
  }

  protected override get pagesHeldOutside(): boolean {
    return this.reserved.size > 0;
  }

  protected override finish(state: SglangRequest, tokens: number, endNs: number): void {
    super.finish(state, tokens, endNs);
    this.capacityChanges++;
  }

  protected override prefillTime(): number {
    return 0;
  }

  /** Hand-offs that wait for a destination, are on their way to it, or wait there for a place are queued decode work. */
  protected override recordPass(startNs: number): void {
    super.recordPass(startNs);
    this.pass.numQueuedDecode += this.pending.length + this.reserved.size;
    for (const { promptLength } of this.pending) this.pass.sumQueuedDecodeKvTokens += promptLength;
    for (const { state } of this.reserved.values()) this.pass.sumQueuedDecodeKvTokens += state.promptLength;
    const { handedOver } = this.scheduler;
    this.pass.numQueuedDecode += handedOver.length;
    for (const { promptLength } of handedOver) this.pass.sumQueuedDecodeKvTokens += promptLength;
  }
}
