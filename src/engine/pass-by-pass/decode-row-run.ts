import { copyForwardPass, type ForwardPass } from "../forward-pass.ts";
import type { DecodeRow } from "./decode-row.ts";
import type { PagedKvCache } from "./paged-kv-cache.ts";
import type { RequestState } from "./request-state.ts";
import type { VllmScheduler } from "./vllm-scheduler.ts";

/** What a row of passes does to its rank. */
export interface RowRank {
  readonly scheduler: VllmScheduler;
  readonly cache: PagedKvCache;
  readonly pass: ForwardPass;
  /** The cache's changes of the last pass become known to routers. */
  publish(): void;
  /** Duration of a pass in which `requests` emit a token and nothing else happens. */
  rowPassNs(requests: number, knownTokens: number): number;
  recordGaps(gapNs: number, count: number): void;
  /** Brings a request past `count` passes of a row that ends at `endNs`. */
  skipAhead(state: RequestState, count: number, endNs: number): void;
  /** Fills the record of the rank's pass. */
  recordDecodes(startNs: number, endNs: number, requests: number, knownTokens: number): void;
}

/**
 * Runs a row of passes that only decode, as far as it goes before `untilNs`; the same passes one by one give the same
 * numbers.
 * @param previous gets the record of the pass before the last
 * @returns how many passes, 0 when the next one is not of that kind
 */
export function runDecodeRow(
  rank: RowRank,
  row: DecodeRow,
  startNs: number,
  untilNs: number,
  horizonNs: number,
  previous: ForwardPass,
): number {
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
    const passNs = rank.rowPassNs(row.size, known);
    if (nowNs + passNs > horizonNs) break;
    previousActiveBlocks = activeBlocks;
    activeBlocks = cache.activeBlocks;
    rank.recordGaps(passNs, row.size);
    known += row.size;
    secondLastNs = lastNs;
    lastNs = nowNs;
    nowNs += passNs;
    count++;
  }
  if (count === 0) return 0;
  for (const state of scheduler.running) rank.skipAhead(state, count, nowNs);
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
