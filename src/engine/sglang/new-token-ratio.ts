import { remainingOutput, type SglangRequest } from "./sglang-request.ts";

const INITIAL = 0.7;
const LEAST_SHARE = 0.14;
const DECAY_PASSES = 600;
/** What a retraction assumes every survivor still generates at least (newest rules). */
const TOKENS_AFTER_RETRACTION = 20;

/**
 * The share of its remaining output a running request is expected to need before others finish: admission keeps that
 * many tokens free (engine-reference §4.3, other-engines-findings §4.29).
 */
export class NewTokenRatio {
  value: number;
  private readonly initial: number;
  private readonly least: number;
  private readonly step: number;

  constructor(conservativeness: number) {
    this.initial = Math.min(1, INITIAL * conservativeness);
    this.least = Math.min(1, this.initial * LEAST_SHARE);
    this.step = (this.initial - this.least) / DECAY_PASSES;
    this.value = this.initial;
  }

  decay(): void {
    this.value = Math.max(this.least, this.value - this.step);
  }

  reset(): void {
    this.value = this.initial;
  }

  /** What the requests left after a retraction show: tokens generated and a few more, of all they may generate. */
  estimate(survivors: readonly SglangRequest[]): void {
    let generated = 0;
    let limit = 0;
    for (const state of survivors) {
      generated += state.generated;
      limit += state.outputLimit;
    }
    this.value = Math.min(1, (generated + TOKENS_AFTER_RETRACTION * survivors.length) / (limit + 1));
  }

  /** Tokens to keep free for the requests running now. */
  expectedTokens(running: readonly SglangRequest[], clip: number): number {
    let tokens = 0;
    for (const state of running) tokens += Math.min(remainingOutput(state), clip) * this.value;
    return tokens;
  }
}
