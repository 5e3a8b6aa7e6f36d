import { levels } from "./levels.ts";
import type { LoadShape } from "./load-shape.ts";

/** Batch jobs on a timetable: bursts that only a policy which remembers the one before can meet in time. */
export const batches: LoadShape = {
  name: "batches",
  description: "90 minutes of 8 requests/s, 48 for three minutes out of every twenty, the first from minute 10",
  durationSeconds: 5400,
  intensity: () => levels([[0, 8] as const, ...[10, 30, 50, 70].flatMap(batch)]),
};

function batch(fromMinute: number) {
  return [[fromMinute, 48] as const, [fromMinute + 3, 8] as const];
}
