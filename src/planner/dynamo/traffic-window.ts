import type { TrafficWindow } from "../planner.ts";

/** Two neighbouring windows as one: counts add, means are weighted by their own counts (planner-reference §2). */
export function mergeWindows(earlier: TrafficWindow, later: TrafficWindow): TrafficWindow {
  return {
    durationSeconds: earlier.durationSeconds + later.durationSeconds,
    offeredRequests: earlier.offeredRequests + later.offeredRequests,
    completedRequests: earlier.completedRequests + later.completedRequests,
    meanInputTokens: mean("meanInputTokens", "completedRequests", earlier, later),
    meanOutputTokens: mean("meanOutputTokens", "completedRequests", earlier, later),
    ttftCount: earlier.ttftCount + later.ttftCount,
    meanTtftMs: mean("meanTtftMs", "ttftCount", earlier, later),
    itlCount: earlier.itlCount + later.itlCount,
    meanItlMs: mean("meanItlMs", "itlCount", earlier, later),
    kvHitRateCount: earlier.kvHitRateCount + later.kvHitRateCount,
    meanKvHitRate: mean("meanKvHitRate", "kvHitRateCount", earlier, later),
    acceptLengthForwards: earlier.acceptLengthForwards + later.acceptLengthForwards,
    meanAcceptLength: mergedAcceptLength(earlier, later),
  };
}

type MeanField = "meanInputTokens" | "meanOutputTokens" | "meanTtftMs" | "meanItlMs" | "meanKvHitRate";
type CountField = "completedRequests" | "ttftCount" | "itlCount" | "kvHitRateCount";

function mean(field: MeanField, count: CountField, earlier: TrafficWindow, later: TrafficWindow): number | null {
  const total = earlier[count] + later[count];
  if (total <= 0) return null;
  return ((earlier[field] ?? 0) * earlier[count] + (later[field] ?? 0) * later[count]) / total;
}

function mergedAcceptLength(earlier: TrafficWindow, later: TrafficWindow): number | null {
  if (earlier.meanAcceptLength === null) return later.meanAcceptLength;
  if (later.meanAcceptLength === null) return earlier.meanAcceptLength;
  const forwards = earlier.acceptLengthForwards + later.acceptLengthForwards;
  if (forwards <= 0) return null;
  return (
    (earlier.meanAcceptLength * earlier.acceptLengthForwards + later.meanAcceptLength * later.acceptLengthForwards) /
    forwards
  );
}
