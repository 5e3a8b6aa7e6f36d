import type { DecodeWorker, PrefillWorker } from "../handoff-worker.ts";
import type { HandoffDecodeRank, HandoffPrefillRank } from "./handoff-rank.ts";
import { PassByPassWorker } from "./pass-by-pass-worker.ts";

const nothing: readonly number[] = [];

/** A prefill worker that runs every pass one by one. */
export class PassByPassPrefillWorker extends PassByPassWorker implements PrefillWorker {
  private readonly rank: HandoffPrefillRank;
  heldUntilNs = 0;

  constructor(rank: HandoffPrefillRank, horizonNs: number, rowsAllowed: boolean) {
    super([rank], horizonNs, rowsAllowed);
    this.rank = rank;
  }

  /** A prompt that is held has left the queue of those to compute. */
  protected override get hasFinished(): boolean {
    return super.hasFinished || this.rank.held.length > 0;
  }

  takeHeld(): readonly number[] {
    return this.rank.held.length === 0 ? nothing : this.rank.held.splice(0);
  }

  releaseSource(request: number, atNs: number): void {
    this.rank.releaseSource(request);
    this.heldUntilNs = atNs;
    if (this.rank.hasWork) this.wake(atNs);
  }
}

/** A decode worker that runs every pass one by one. */
export class PassByPassDecodeWorker extends PassByPassWorker implements DecodeWorker {
  private readonly rank: HandoffDecodeRank;

  constructor(rank: HandoffDecodeRank, horizonNs: number, rowsAllowed: boolean) {
    super([rank], horizonNs, rowsAllowed);
    this.rank = rank;
  }

  get pendingDestinations(): number {
    return this.rank.pending.length;
  }

  offerDestination(request: number): void {
    this.requests++;
    this.rank.offerDestination(request);
  }

  tryReserve(atNs: number): number {
    const request = this.rank.tryReserve(atNs);
    // Even a prompt that finds no room lets those that were handed over pass preempted requests.
    if (this.rank.hasWork) this.wake(atNs);
    return request;
  }

  freshBlocks(request: number): number {
    return this.rank.freshBlocks(request);
  }

  activate(request: number, atNs: number): void {
    this.rank.activate(request, atNs);
    this.wake(atNs);
  }

  abandonDestination(request: number, atNs: number): void {
    this.rank.abandonDestination(request);
    if (this.rank.hasWork) this.wake(atNs);
  }

  giveUpStuck(atNs: number): boolean {
    if (this.rank.giveUpStuck?.() !== true) return false;
    this.wake(atNs);
    return true;
  }
}
