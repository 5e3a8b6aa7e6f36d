import { describe, expect, it } from "vitest";
import { quietWindow } from "../../../test/planner-fixtures.ts";
import { mergeWindows } from "./traffic-window.ts";

const empty = quietWindow(5);

describe("§8.4 merging traffic windows", () => {
  it("weighs hit rates and accept lengths by their own counts", () => {
    const merged = mergeWindows(
      {
        ...empty,
        offeredRequests: 1,
        meanKvHitRate: 0,
        kvHitRateCount: 90,
        meanAcceptLength: 3,
        acceptLengthForwards: 90,
      },
      {
        ...empty,
        offeredRequests: 9,
        meanKvHitRate: 1,
        kvHitRateCount: 10,
        meanAcceptLength: 1,
        acceptLengthForwards: 10,
      },
    );
    expect(merged).toMatchObject({ durationSeconds: 10, offeredRequests: 10 });
    expect(merged.meanKvHitRate).toBeCloseTo(0.1, 12);
    expect(merged.meanAcceptLength).toBeCloseTo(2.8, 12);
  });

  it("weighs lengths and latencies by completions, not by offers", () => {
    const merged = mergeWindows(
      {
        ...empty,
        offeredRequests: 100,
        completedRequests: 1,
        meanInputTokens: 10,
        meanOutputTokens: 20,
        ttftCount: 1,
        meanTtftMs: 1000,
        itlCount: 1,
        meanItlMs: 10,
      },
      {
        ...empty,
        offeredRequests: 1,
        completedRequests: 9,
        meanInputTokens: 100,
        meanOutputTokens: 200,
        ttftCount: 9,
        meanTtftMs: 2000,
        itlCount: 9,
        meanItlMs: 20,
      },
    );
    expect(merged).toMatchObject({
      offeredRequests: 101,
      meanInputTokens: 91,
      meanOutputTokens: 182,
      meanTtftMs: 1900,
      meanItlMs: 19,
    });
  });

  it("keeps the one accept length there is", () => {
    const known = { ...empty, meanAcceptLength: 2, acceptLengthForwards: 4 };
    expect(mergeWindows(empty, known).meanAcceptLength).toBe(2);
    expect(mergeWindows(known, empty).meanAcceptLength).toBe(2);
    expect(mergeWindows(empty, empty).meanAcceptLength).toBeNull();
  });
});
