import type { Worker } from "../engine/worker.ts";
import { RequestStatus, type RequestLedger } from "../metrics/request-ledger.ts";
import type { ArrivedRequest, CompletedRequest, RequestWindow, TrafficWindow } from "../planner/planner.ts";

/**
 * Collects what the planner may know of the traffic, a window a tick (planner-reference §2): offered requests are
 * counted when they arrive, shapes and latencies when they complete. Rejected requests are offered, never completed.
 */
export class TrafficRecorder {
  private readonly ledger: RequestLedger;
  private readonly inputLength: Int32Array;
  private readonly keepRequests: boolean;
  private arrived: number[] = [];
  private completed: number[] = [];
  private windowStartNs = 0;
  private offered = 0;
  /** Requests that have left, possibly later than now: a worker knows the end of the pass it is in. */
  private left: number[] = [];
  private hitRateSum = 0;
  private hitRateCount = 0;
  private emittedTokens = 0;
  private decodeForwards = 0;
  private readonly forwardsBefore = new WeakMap<Worker, { emittedTokens: number; emittingRequests: number }>();

  /** @param keepRequests requests one by one are asked for, too (`takeRequests`) */
  constructor(ledger: RequestLedger, inputLength: Int32Array, keepRequests: boolean) {
    this.keepRequests = keepRequests;
    this.ledger = ledger;
    this.inputLength = inputLength;
  }

  /** Start of the window that is open, ns. */
  get startNs(): number {
    return this.windowStartNs;
  }

  onOffered(request: number): void {
    this.offered++;
    if (this.keepRequests) this.arrived.push(request);
  }

  onLeft(requests: readonly number[]): void {
    for (const request of requests) this.left.push(request);
  }

  /** A request that was to leave has been taken out before. */
  onTakenOut(request: number): void {
    const at = this.left.lastIndexOf(request);
    if (at >= 0) this.left.splice(at, 1);
  }

  /** A request was routed to a worker that held `overlapBlocks` of its `promptBlocks`. */
  onRouted(overlapBlocks: number, promptBlocks: number): void {
    if (promptBlocks === 0) return;
    this.hitRateSum += overlapBlocks / promptBlocks;
    this.hitRateCount++;
  }

  /** Takes in what a worker's forwards have emitted up to a tick (speculative decoding). */
  onForwards(worker: Worker, atNs: number): void {
    const total = worker.forwardsEndedBy?.(atNs);
    if (total === undefined) return;
    const before = this.forwardsBefore.get(worker);
    this.emittedTokens += total.emittedTokens - (before?.emittedTokens ?? 0);
    this.decodeForwards += total.emittingRequests - (before?.emittingRequests ?? 0);
    this.forwardsBefore.set(worker, total);
  }

  /** Requests of the window closed last, one by one; call after `close`. */
  takeRequests(): RequestWindow {
    const { ledger, inputLength } = this;
    const arrived = this.arrived.map((id): ArrivedRequest => ({
      id,
      arrivalSeconds: ledger.arrivalNs[id]! / 1e9,
      inputTokens: inputLength[id]!,
    }));
    const completed = this.completed.map((id): CompletedRequest => {
      const tokens = ledger.outputTokens[id]!;
      const decodeMs = (ledger.lastTokenNs[id]! - ledger.firstTokenNs[id]!) / 1e6;
      return {
        id,
        outputTokens: tokens,
        cachedTokens: ledger.firstReusedTokens[id]!,
        ttftMs: (ledger.firstTokenNs[id]! - ledger.arrivalNs[id]!) / 1e6,
        itlMs: tokens > 1 ? decodeMs / (tokens - 1) : null,
      };
    });
    this.arrived = [];
    this.completed = [];
    return { arrived, completed };
  }

  /** Closes the window at `atNs` and opens the next. */
  close(atNs: number): TrafficWindow {
    const { ledger } = this;
    const later: number[] = [];
    let completed = 0;
    let input = 0;
    let output = 0;
    let ttftMs = 0;
    let ttftCount = 0;
    let itlMs = 0;
    let itlCount = 0;
    for (const request of this.left) {
      if (ledger.terminalNs[request]! > atNs) {
        later.push(request);
        continue;
      }
      if (ledger.status[request] !== RequestStatus.completed) continue;
      completed++;
      if (this.keepRequests) this.completed.push(request);
      input += this.inputLength[request]!;
      const tokens = ledger.outputTokens[request]!;
      output += tokens;
      const ttft = (ledger.firstTokenNs[request]! - ledger.arrivalNs[request]!) / 1e6;
      if (ttft > 0) {
        ttftMs += ttft;
        ttftCount++;
      }
      if (tokens > 1) {
        itlMs += (ledger.lastTokenNs[request]! - ledger.firstTokenNs[request]!) / 1e6 / (tokens - 1);
        itlCount++;
      }
    }
    const window: TrafficWindow = {
      durationSeconds: (atNs - this.windowStartNs) / 1e9,
      offeredRequests: this.offered,
      meanInputTokens: meanOf(input, completed),
      meanOutputTokens: meanOf(output, completed),
      completedRequests: completed,
      meanTtftMs: meanOf(ttftMs, ttftCount),
      ttftCount,
      meanItlMs: meanOf(itlMs, itlCount),
      itlCount,
      meanKvHitRate: meanOf(this.hitRateSum, this.hitRateCount),
      kvHitRateCount: this.hitRateCount,
      meanAcceptLength: meanOf(this.emittedTokens, this.decodeForwards),
      acceptLengthForwards: this.decodeForwards,
    };
    this.left = later;
    this.windowStartNs = atNs;
    this.offered = 0;
    this.hitRateSum = 0;
    this.hitRateCount = 0;
    this.emittedTokens = 0;
    this.decodeForwards = 0;
    return window;
  }
}

function meanOf(sum: number, count: number): number | null {
  return count === 0 ? null : sum / count;
}
