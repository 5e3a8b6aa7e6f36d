import { type FailureReason, type RequestLedger, type RequestStatus } from "../../metrics/request-ledger.ts";
import { Completing, type TokenCount } from "../interruption.ts";
import type { RankContext } from "./engine-rank.ts";

/** What a rank writes down of its requests, whatever its scheduler: admissions, gaps between tokens, departures. */
export class RequestRecords<S extends TokenCount> {
  /** Requests that left since the caller last emptied it, in order. */
  readonly finished: number[] = [];
  private readonly ledger: RequestLedger;
  private readonly gapsOfCompletedOnly: boolean;
  /** Requests the pass under way completes; null where nothing is interrupted. */
  private readonly completing: Completing<S> | null;

  constructor({ ledger, gapsOfCompletedOnly, interruptible }: RankContext) {
    this.ledger = ledger;
    this.gapsOfCompletedOnly = gapsOfCompletedOnly;
    this.completing = interruptible ? new Completing(ledger) : null;
  }

  /** A new pass starts: what the last one completed stays so. */
  startPass(): void {
    this.completing?.settle();
  }

  /**
   * A request is admitted at `atNs`.
   * @param reusedTokens tokens of its that were found in the cache
   * @param first it never was before
   */
  admit(request: number, reusedTokens: number, first: boolean, atNs: number): void {
    const { ledger } = this;
    if (first) {
      ledger.admitNs[request] = atNs;
      ledger.firstReusedTokens[request] = reusedTokens;
    }
    if (reusedTokens > ledger.reusedTokens[request]!) ledger.reusedTokens[request] = reusedTokens;
  }

  /** `count` tokens of a request came `gapNs` after the one before. */
  addGap(state: S, gapNs: number, count: number): void {
    if (this.gapsOfCompletedOnly) state.gaps.push(gapNs, count);
    else this.ledger.gaps.add(gapNs, count);
  }

  /** A request is complete: its gaps count, once nothing can interrupt it any more. */
  complete(state: S): void {
    const { gaps } = state;
    if (this.completing !== null) this.completing.add(state);
    else for (let i = 0; i < gaps.length; i += 2) this.ledger.gaps.add(gaps[i]!, gaps[i + 1]!);
  }

  /** A request can never be finished; its gaps count as in runs in which nothing is interrupted. */
  fail(state: S): void {
    this.completing?.add(state);
  }

  /** Takes a request out of those the pass under way completes; null when it is none of them. */
  withdraw(request: number): S | null {
    return this.completing?.remove(request) ?? null;
  }

  /** A request leaves the rank for good. */
  leave(request: number, status: RequestStatus, reason: FailureReason, atNs: number): void {
    this.ledger.status[request] = status;
    this.ledger.reason[request] = reason;
    this.ledger.terminalNs[request] = atNs;
    this.finished.push(request);
  }
}
