import { remainingOutput, sequenceLength, type SglangRequest } from "./sglang-request.ts";
import type { SglangScheduler } from "./sglang-scheduler.ts";
import type { TokenPool } from "./token-pool.ts";

/**
 * Finds the requests that emit a token at the end of a pass that only computes prompts: those whose prompt completes.
 * Those that go on need a place for it; when there are not pages for all of them, none of them emits.
 * @param emitting gets them
 */
export function choosePrefillEmitters(scheduler: SglangScheduler, pool: TokenPool, emitting: SglangRequest[]): void {
  let pages = 0;
  for (const state of scheduler.running) {
    if (!state.completesPrefill || remainingOutput(state) <= 1) continue;
    if (sequenceLength(state) + 1 > state.pages * pool.pageSize) pages++;
  }
  const fits = pages <= pool.availablePages;
  if (fits) pool.ensureFree(pages);
  for (const state of scheduler.running) {
    if (!state.completesPrefill || remainingOutput(state) === 0) continue;
    if (fits || remainingOutput(state) === 1) emitting.push(state);
  }
}
