import type { Observation } from "../planner.ts";
import { SlidingMean } from "../sliding-mean.ts";

/** What is known of the requests that come. */
export interface TrafficShape {
  readonly requestsPerSecond: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Part of prompts found in the prefix cache. */
  readonly hitShare: number;
}

/** Assumed of answers before the first one is complete. */
const firstOutputTokens = 256;
/** Weight of a request among those before it, for running means. */
const memory = 1 / 200;

/**
 * Follows the traffic by what is known at once: prompts at their arrival, cache hits at the first token, answers at their
 * end. Lengths of completed requests are biased towards short ones, and absent in an overload (planner-reference §7.10–12);
 * prompts are neither.
 */
export class TrafficFollower {
  private readonly rate: SlidingMean;
  private inputTokens: number | null = null;
  private outputTokens: number | null = null;
  private hitShare = 0;

  /** @param windowSeconds window of the arrival rate */
  constructor(windowSeconds: number) {
    this.rate = new SlidingMean(windowSeconds);
  }

  observe({ nowSeconds, traffic, frontEnd }: Observation): void {
    const { durationSeconds, offeredRequests, completedRequests, meanOutputTokens } = traffic;
    if (durationSeconds > 0) this.rate.add(nowSeconds, durationSeconds, offeredRequests / durationSeconds);
    if (offeredRequests > 0) {
      this.inputTokens = mixed(this.inputTokens, frontEnd.offeredInputTokens / offeredRequests, offeredRequests);
    }
    if (completedRequests > 0 && meanOutputTokens !== null) {
      this.outputTokens = mixed(this.outputTokens, meanOutputTokens, completedRequests);
    }
    for (const { cachedTokens, inputTokens } of frontEnd.firstTokens) {
      if (inputTokens > 0) this.hitShare += (cachedTokens / inputTokens - this.hitShare) * memory;
    }
  }

  get shape(): TrafficShape {
    return {
      requestsPerSecond: this.rate.mean ?? 0,
      inputTokens: this.inputTokens ?? 0,
      outputTokens: this.outputTokens ?? firstOutputTokens,
      hitShare: Math.min(0.95, Math.max(0, this.hitShare)),
    };
  }
}

/** A running mean that forgets by requests, not by time. */
function mixed(before: number | null, value: number, requests: number): number {
  return before === null ? value : before + (value - before) * (1 - (1 - memory) ** requests);
}
