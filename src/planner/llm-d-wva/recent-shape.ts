import type { TrafficWindow } from "../planner.ts";
import type { RequestShape } from "./token-saturation.ts";

interface Completions {
  readonly atSeconds: number;
  readonly requests: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** Mean prompt and answer of the requests that completed in the last seconds. */
export class RecentShape {
  private readonly windowSeconds: number;
  private completions: readonly Completions[] = [];

  constructor(windowSeconds: number) {
    this.windowSeconds = windowSeconds;
  }

  /** Adds those that completed up to now, since the time before. */
  add({ completedRequests, meanInputTokens, meanOutputTokens }: TrafficWindow, nowSeconds: number): void {
    const kept = this.completions.filter(({ atSeconds }) => atSeconds > nowSeconds - this.windowSeconds);
    this.completions = [
      ...kept,
      {
        atSeconds: nowSeconds,
        requests: completedRequests,
        inputTokens: completedRequests * (meanInputTokens ?? 0),
        outputTokens: completedRequests * (meanOutputTokens ?? 0),
      },
    ];
  }

  /** 0 tokens where none completed. */
  get shape(): RequestShape {
    const sum = (of: (one: Completions) => number): number => this.completions.reduce((all, one) => all + of(one), 0);
    const requests = Math.max(
      1,
      sum((one) => one.requests),
    );
    return {
      inputTokens: sum((one) => one.inputTokens) / requests,
      outputTokens: sum((one) => one.outputTokens) / requests,
    };
  }
}
