import type { RequestLedger } from "../../metrics/request-ledger.ts";
import { copyForwardPass, type ForwardPass } from "../forward-pass.ts";
import { DecodeRow } from "./decode-row.ts";
import type { PagedKvCache } from "./paged-kv-cache.ts";
import type { RequestState } from "./request-state.ts";
import type { VllmScheduler } from "./vllm-scheduler.ts";

/** What a row of passes needs of its rank. */
export interface RowRank {
  readonly scheduler: VllmScheduler;
  readonly cache: PagedKvCache;
  readonly pass: ForwardPass;
  readonly ledger: RequestLedger;
  /** The cache's changes of the last pass become known to routers. */
  publish(): void;
  /** Duration of the decode part of a pass. */
  decodeNs(requests: number, knownTokens: number): number;
  /** Fills the record of the rank's pass. */
  recordDecodes(startNs: number, endNs: number, requests: number, knownTokens: number): void;
}

/** Passes that only decode, run in rows; the same passes one by one give the same numbers. */
export class DecodeRowRun {
  protected readonly rank: RowRank;
  private readonly row: DecodeRow;

  constructor(rank: RowRank, blockSize: number) {
    this.rank = rank;
    this.row = new DecodeRow(blockSize);
  }

  /**
   * Runs a row as far as it goes before `untilNs`.
   * @param horizonNs no pass ends later
   * @param previous gets the record of the pass before the last
   * @returns how many passes, 0 when the next one is not of that kind
   */
  run(startNs: number, untilNs: number, horizonNs: number, previous: ForwardPass): number {
    const { rank, row } = this;
    const { scheduler, cache } = rank;
    if (!row.arrange(scheduler.running, startNs)) return 0;
    let count = 0;
    let nowNs = startNs;
    let lastNs = startNs;
    let secondLastNs = startNs;
    let known = row.knownTokens;
    let activeBlocks = cache.activeBlocks;
    let previousActiveBlocks = activeBlocks;
    while (count < row.longest && nowNs < untilNs) {
      if (row.crossingCount(count) > cache.availableBlocks) break;
      rank.publish();
      for (let at = row.firstCrossing(count); at >= 0; at = row.nextCrossing(at)) {
        scheduler.running[at]!.blocks.push(cache.allocate());
      }
      const passNs = this.passNs(row.size, known);
      if (nowNs + passNs > horizonNs) break;
      previousActiveBlocks = activeBlocks;
      activeBlocks = cache.activeBlocks;
      this.recordGaps(passNs, row.size);
      known += row.size;
      secondLastNs = lastNs;
      lastNs = nowNs;
      nowNs += passNs;
      count++;
    }
    if (count === 0) return 0;
    for (const state of scheduler.running) this.skipAhead(state, count, nowNs);
    copyForwardPass(rank.pass, previous);
    rank.recordDecodes(lastNs, nowNs, row.size, known - row.size);
    if (count > 1) {
      copyForwardPass(rank.pass, previous);
      previous.startNs = secondLastNs;
      previous.endNs = lastNs;
      previous.sumDecodeKvTokens = known - 2 * row.size;
      previous.activeBlocks = previousActiveBlocks;
    }
    return count;
  }

  /** Duration of a pass in which `requests` emit a token and nothing else happens. */
  protected passNs(requests: number, knownTokens: number): number {
    return this.rank.decodeNs(requests, knownTokens);
  }

  protected recordGaps(gapNs: number, count: number): void {
    this.rank.ledger.gaps.add(gapNs, count);
  }

  /** Brings a request past `count` passes of a row that ends at `endNs`. */
  protected skipAhead(state: RequestState, count: number, endNs: number): void {
    const { ledger } = this.rank;
    this.compute(state, count);
    state.lastTokenNs = endNs;
    ledger.lastTokenNs[state.request] = endNs;
    ledger.outputTokens[state.request] = state.generated;
  }

  protected compute(state: RequestState, count: number): void {
    state.generated += count;
    state.computed += count;
    this.rank.scheduler.blocks.registerFull(state, state.computed);
  }
}

/** Rows of passes nobody outside sees (prefill ranks under 1.4 rules): they take no time and nothing is sent. */
export class HiddenDecodeRowRun extends DecodeRowRun {
  protected override passNs(): number {
    return 0;
  }

  protected override recordGaps(): void {}

  protected override skipAhead(state: RequestState, count: number): void {
    this.compute(state, count);
  }
}
