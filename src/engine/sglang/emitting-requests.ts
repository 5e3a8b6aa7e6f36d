import { withdrawTokens } from "../interruption.ts";
import { remainingOutput, sequenceLength, type SglangRequest } from "./sglang-request.ts";
import type { TokenPool } from "./token-pool.ts";

/** Requests that emit at the end of a pass, and the tokens each of them emits. */
export class EmittingRequests {
  readonly states: SglangRequest[] = [];
  readonly bursts: number[] = [];

  clear(): void {
    this.states.length = 0;
    this.bursts.length = 0;
  }

  add(state: SglangRequest, tokens: number): void {
    this.states.push(state);
    this.bursts.push(tokens);
  }

  /**
   * Adds those of a pass that only computes prompts: whose prompt completes emits a token. Those that go on need a place
   * for it; when there are not pages for all of them, none of them emits.
   */
  addCompletedPrompts(running: readonly SglangRequest[], pool: TokenPool): void {
    let pages = 0;
    for (const state of running) {
      if (!state.completesPrefill || remainingOutput(state) <= 1) continue;
      if (sequenceLength(state) + 1 > state.pages * pool.pageSize) pages++;
    }
    const fits = pages <= pool.availablePages;
    if (fits) pool.ensureFree(pages);
    for (const state of running) {
      if (!state.completesPrefill || remainingOutput(state) === 0) continue;
      if (fits || remainingOutput(state) === 1) this.add(state, 1);
    }
  }

  /** Takes a request out; the tokens it was to emit, 0 when it is none of them. */
  withdraw(state: SglangRequest): number {
    return withdrawTokens(this.states, this.bursts, state);
  }
}
