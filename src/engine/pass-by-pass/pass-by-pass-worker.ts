import { copyForwardPass, emptyForwardPass, type ForwardPass } from "../forward-pass.ts";
import type { InterruptedRequest } from "../interruption.ts";
import type { PrefillRounds } from "../prefill-rounds.ts";
import type { Worker } from "../worker.ts";
import type { EngineRank } from "./engine-rank.ts";

const nothing: readonly number[] = [];

/**
 * A worker that runs every pass one by one. With several attention-DP ranks they advance in lockstep: a pass starts
 * when all ranks are idle and any has work, and lasts as long as its slowest rank (engine-reference §4.4).
 */
export class PassByPassWorker implements Worker {
  readonly ranks: readonly EngineRank[];
  nextStartNs = Infinity;
  busyUntilNs = 0;
  busyNs = 0;
  passes = 0;
  requests = 0;
  prefillTokens = 0;
  private readonly finished: number[] = [];
  /** Sums over all passes started. */
  private emittedTokens = 0;
  private emittingRequests = 0;
  /** Last record of each rank whose pass has ended when the one in `rank.pass` has not. */
  private readonly previous: ForwardPass[];
  private previousEndNs = -1;
  private lastEndNs = -1;

  private readonly durations: Float64Array;
  private readonly horizonNs: number;
  private readonly rowsAllowed: boolean;
  private readonly rounds: PrefillRounds | null;

  /**
   * @param horizonNs a pass that would end later is left unfinished, and the worker stops
   * @param rowsAllowed whether passes that only decode may run in rows (same numbers, faster)
   * @param rounds how often the ranks may compute prompts; they have the same
   */
  constructor(
    ranks: readonly EngineRank[],
    horizonNs = Infinity,
    rowsAllowed = true,
    rounds: PrefillRounds | null = null,
  ) {
    this.ranks = ranks;
    this.rounds = rounds;
    this.rowsAllowed = rowsAllowed;
    this.durations = new Float64Array(ranks.length);
    this.horizonNs = horizonNs;
    this.previous = ranks.map(() => emptyForwardPass());
  }

  get inSystem(): number {
    let count = 0;
    for (const rank of this.ranks) count += rank.inSystem;
    return count;
  }

  enqueue(request: number, atNs: number, rank = 0): void {
    this.ranks[rank]!.enqueue(request);
    this.requests++;
    this.wake(atNs);
  }

  interrupt(request: number, atNs: number): InterruptedRequest | null {
    for (const rank of this.ranks) {
      const interrupted = rank.interrupt(request, atNs);
      if (interrupted === null) continue;
      this.forgetFinished(request);
      if (rank.hasWork) this.wake(atNs);
      return interrupted;
    }
    return null;
  }

  resume(request: number, begun: InterruptedRequest, atNs: number, rank = 0): void {
    this.ranks[rank]!.resume(request, begun);
    this.requests++;
    this.wake(atNs);
  }

  private forgetFinished(request: number): void {
    const at = this.finished.indexOf(request);
    if (at >= 0) this.finished.splice(at, 1);
  }

  /** There may be something to run from `atNs` on. */
  wake(atNs: number): void {
    this.nextStartNs = Math.min(this.nextStartNs, Math.max(atNs, this.busyUntilNs));
  }

  advance(untilNs: number, stopAtFinish: boolean): void {
    while (this.nextStartNs < untilNs) {
      if (!this.runDecodeRow(untilNs)) this.runPass(this.nextStartNs);
      if (stopAtFinish && this.hasFinished) return;
    }
  }

  /** Whether a request has left that the caller does not know of yet. */
  protected get hasFinished(): boolean {
    return this.finished.length > 0;
  }

  takeFinished(): readonly number[] {
    return this.finished.length === 0 ? nothing : this.finished.splice(0);
  }

  lastPassEndedBy(atNs: number, sinceNs: number, rank = 0): ForwardPass | null {
    let pass: ForwardPass | null = null;
    if (this.lastEndNs >= 0 && this.lastEndNs <= atNs) pass = this.ranks[rank]!.pass;
    else if (this.previousEndNs >= 0 && this.previousEndNs <= atNs) pass = this.previous[rank]!;
    // A rank that only refused something has a record the others do not have.
    return pass !== null && pass.endNs > sinceNs ? pass : null;
  }

  forwardsEndedBy(atNs: number): { readonly emittedTokens: number; readonly emittingRequests: number } {
    let { emittedTokens, emittingRequests } = this;
    if (this.lastEndNs > atNs) {
      for (const rank of this.ranks) {
        emittedTokens -= rank.pass.emittedTokens;
        emittingRequests -= rank.pass.emittingRequests;
      }
    }
    return { emittedTokens, emittingRequests };
  }

  prefixOverlapBlocks(request: number, atNs: number, rank = 0): number {
    const asked = this.ranks[rank]!;
    if (this.busyUntilNs <= atNs) asked.publish?.();
    return asked.prefixOverlapBlocks(request);
  }

  /** Runs a row of decode passes where the only rank offers it; false when it ran none. */
  private runDecodeRow(untilNs: number): boolean {
    const rank = this.ranks[0]!;
    if (!this.rowsAllowed || this.ranks.length > 1 || rank.runDecodeRow === undefined) return false;
    const startNs = this.nextStartNs;
    const count = rank.runDecodeRow(startNs, untilNs, this.horizonNs, this.previous[0]!);
    if (count === 0) return false;
    this.previousEndNs = count > 1 ? rank.pass.startNs : this.lastEndNs;
    this.lastEndNs = rank.pass.endNs;
    this.passes += count;
    this.emittedTokens += count * rank.pass.emittedTokens;
    this.emittingRequests += count * rank.pass.emittingRequests;
    this.busyNs += rank.pass.endNs - startNs;
    this.busyUntilNs = rank.pass.endNs;
    this.nextStartNs = rank.pass.endNs;
    return true;
  }

  private runPass(startNs: number): void {
    const { ranks, durations, rounds } = this;
    let longest = -1;
    rounds?.begin();
    for (let i = 0; i < ranks.length; i++) {
      const rank = ranks[i]!;
      copyForwardPass(rank.pass, this.previous[i]!);
      rank.publish?.();
      const due = rank.hasWork || (rank.wakeNs ?? Infinity) <= startNs;
      const duration = due ? rank.startPass(startNs) : -1;
      durations[i] = duration;
      if (duration > longest) longest = duration;
    }
    if (longest < 0 && rounds?.closed === true) {
      rounds.skipClosed();
      for (const rank of ranks) rank.onClosedRounds?.();
      return;
    }
    const endNs = startNs + Math.max(0, longest);
    if (endNs > this.horizonNs) {
      this.nextStartNs = Infinity;
      // It is still under way then: nothing that waits for its end may happen.
      this.busyUntilNs = this.horizonNs + 1;
      return;
    }
    let hasWork = false;
    let refusedOnly = false;
    for (let i = 0; i < ranks.length; i++) {
      const rank = ranks[i]!;
      if (durations[i]! >= 0) {
        rank.endPass(endNs);
        this.prefillTokens += rank.pass.sumPrefillTokens;
      } else {
        if (rank.endIdle?.(endNs) === true && longest < 0) refusedOnly = true;
        if (longest >= 0) copyForwardPass(emptyForwardPass(), rank.pass);
      }
      if (longest >= 0) {
        rank.pass.startNs = startNs;
        rank.pass.endNs = endNs;
        this.emittedTokens += rank.pass.emittedTokens;
        this.emittingRequests += rank.pass.emittingRequests;
      }
      for (const request of rank.finished) this.finished.push(request);
      rank.finished.length = 0;
      if (rank.hasWork) hasWork = true;
    }
    if (longest >= 0 || refusedOnly) {
      this.previousEndNs = this.lastEndNs;
      this.lastEndNs = endNs;
    }
    if (longest >= 0) {
      this.passes++;
      this.busyNs += longest;
    }
    rounds?.end(!hasWork);
    this.busyUntilNs = endNs;
    this.nextStartNs = hasWork && longest >= 0 ? endNs : this.wakeNs(endNs);
  }

  /** When a lower cache tier may have brought something back, not before `atNs`. */
  private wakeNs(atNs: number): number {
    let wakeNs = Infinity;
    for (const rank of this.ranks) wakeNs = Math.min(wakeNs, rank.wakeNs ?? Infinity);
    return Math.max(atNs, wakeNs);
  }
}
