import type { Curve } from "./chart-spec.ts";

/** Values beyond which a curve over a chart's width is a smear. */
const MOST_VALUES = 720;
const OVERVIEW_VALUES = 240;

/**
 * A curve with at most a few hundred values, each standing for an equal stretch of its span; itself where it has not
 * many more.
 * @param keep what a stretch shows: its largest, its least or its mean value
 */
export function coarser(curve: Curve, keep: "most" | "least" | "mean"): Curve {
  const { x, y } = curve;
  if (x.length <= MOST_VALUES) return curve;
  const from = x[0]!;
  const stretch = (x.at(-1)! - from) / OVERVIEW_VALUES;
  const kept: (number | null)[] = Array.from({ length: OVERVIEW_VALUES }, () => null);
  const counts = kept.map(() => 0);
  for (const [k, value] of y.entries()) {
    if (value === null) continue;
    const place = Math.min(OVERVIEW_VALUES - 1, Math.floor((x[k]! - from) / stretch));
    const before = kept[place] ?? null;
    counts[place]!++;
    if (before === null) kept[place] = value;
    else if (keep === "most") kept[place] = Math.max(before, value);
    else if (keep === "least") kept[place] = Math.min(before, value);
    else kept[place] = before + (value - before) / counts[place]!;
  }
  return { ...curve, x: kept.map((_, place) => from + (place + 0.5) * stretch), y: kept };
}
