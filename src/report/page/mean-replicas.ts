import type { RunPageData } from "../page-data.ts";
import type { PoolName } from "./run-series.ts";

/** Ready replicas of a pool, mean over each bucket's time. */
export function meanReplicas(timeline: RunPageData["timeline"], pool: PoolName): number[] {
  const means = Array.from({ length: timeline.buckets }, () => 0);
  const steps = timeline.replicas[pool];
  if (steps === undefined) return means;
  const width = timeline.bucket_s;
  const end = timeline.buckets * width;
  for (const [place, from] of steps.t_s.entries()) {
    const until = Math.min(steps.t_s[place + 1] ?? end, end);
    for (let bucket = Math.floor(from / width); bucket * width < until; bucket++) {
      const share = (Math.min(until, (bucket + 1) * width) - Math.max(from, bucket * width)) / width;
      means[bucket]! += share * steps.active[place]!;
    }
  }
  return means;
}
