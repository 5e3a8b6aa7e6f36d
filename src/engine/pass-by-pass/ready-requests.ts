import { withdrawTokens } from "../interruption.ts";
import { knownTokens, type RequestState } from "./request-state.ts";

/** Requests that end a pass with all their tokens computed, in running order, and the tokens each of them emits. */
export class ReadyRequests {
  readonly states: RequestState[] = [];
  readonly bursts: number[] = [];

  /** Finds them among the running ones. */
  collect(running: readonly RequestState[]): void {
    const { states } = this;
    let count = 0;
    for (const state of running) {
      if (state.passScheduled >= 0 && state.computed === knownTokens(state)) states[count++] = state;
    }
    states.length = count;
  }

  /** Whether somebody gets a token. */
  get someEmit(): boolean {
    return this.bursts.some((tokens) => tokens > 0);
  }

  /** Those that want no output: done as soon as their prompt is computed. */
  withoutOutput(): readonly RequestState[] {
    if (this.states.every((state) => state.outputLimit > 0)) return [];
    return this.states.filter((state) => state.outputLimit === 0);
  }

  /** Takes a request out; the tokens it was to emit, 0 when it is none of them. */
  withdraw(state: RequestState): number {
    return withdrawTokens(this.states, this.bursts, state);
  }
}
