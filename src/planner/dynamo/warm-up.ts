import type { IntervalTraffic } from "./load-forecast.ts";

/** The requests a warm-up trace offers, row by row. */
export interface WarmUpRequests {
  /** ms from the start of the trace. */
  readonly arrivalMs: ArrayLike<number>;
  readonly inputLength: ArrayLike<number>;
  readonly outputLength: ArrayLike<number>;
}

/**
 * Traffic of a trace by throughput intervals counted from its own start (planner-reference §2): empty intervals inside
 * are intervals without requests, those before the first and after the last request are left out. Rows without a time
 * are skipped.
 * @param intervalSeconds length of an interval, > 0
 */
export function intervalsOf(requests: WarmUpRequests, intervalSeconds: number): IntervalTraffic[] {
  const sums = new Map<number, { requests: number; inputTokens: number; outputTokens: number }>();
  for (let row = 0; row < requests.arrivalMs.length; row++) {
    const interval = Math.floor(requests.arrivalMs[row]! / (intervalSeconds * 1000));
    if (Number.isNaN(interval)) continue;
    const sum = sums.get(interval) ?? { requests: 0, inputTokens: 0, outputTokens: 0 };
    sum.requests++;
    sum.inputTokens += requests.inputLength[row]!;
    sum.outputTokens += requests.outputLength[row]!;
    sums.set(interval, sum);
  }
  if (sums.size === 0) return [];
  let [first, last] = [Infinity, -Infinity];
  for (const interval of sums.keys()) {
    first = Math.min(first, interval);
    last = Math.max(last, interval);
  }
  return Array.from({ length: last - first + 1 }, (_, i) => {
    const sum = sums.get(first + i);
    if (sum === undefined) return { requests: 0, inputTokens: 0, outputTokens: 0 };
    return {
      requests: sum.requests,
      inputTokens: sum.inputTokens / sum.requests,
      outputTokens: sum.outputTokens / sum.requests,
    };
  });
}
