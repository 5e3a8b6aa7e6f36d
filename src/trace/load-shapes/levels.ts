import type { Intensity } from "./load-shape.ts";

/**
 * A rate that jumps from level to level.
 *
 * @param levels What the rate is from which minute on, in order of time; the first from minute 0.
 */
export function levels(levels: readonly (readonly [fromMinute: number, perSecond: number])[]): Intensity {
  const most = Math.max(...levels.map(([, perSecond]) => perSecond));
  const latestFirst = levels.toReversed();
  return { most, at: (seconds) => latestFirst.find(([fromMinute]) => seconds >= fromMinute * 60)![1] };
}
