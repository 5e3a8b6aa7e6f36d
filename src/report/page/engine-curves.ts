import type { EngineLoadColumns } from "../page-data.ts";
import type { PageLoad } from "../page-load.ts";
import type { Curve } from "./chart-spec.ts";
import { coarser } from "./curve-overview.ts";
import type { ColorRole } from "./theme.ts";

/** Engines beyond which single lines are left out. */
const MOST_LINES = 60;

/**
 * Load of the engines of a pool over time: the busiest, the mean, and a thin line for each; the first two also coarser,
 * for a long run in one look.
 * @param figures what to add up for each engine
 * @param scale factor of every value
 */
export function engineCurves(
  { t_s: times }: PageLoad,
  load: EngineLoadColumns,
  figures: readonly (keyof EngineLoadColumns["figures"])[],
  role: ColorRole,
  scale: number,
): { readonly curves: Curve[]; readonly overview: Curve[]; readonly threads: Curve[] } {
  const value = (entry: number): number | null => {
    let sum: number | null = null;
    for (const name of figures) {
      const figure = load.figures[name][entry];
      if (figure !== null && figure !== undefined) sum = (sum ?? 0) + figure;
    }
    return sum === null ? null : sum * scale;
  };
  const largest: (number | null)[] = times.map(() => null);
  const least: (number | null)[] = times.map(() => null);
  const sums = times.map(() => 0);
  const counts = times.map(() => 0);
  const lines = new Map<string, { x: number[]; y: (number | null)[] }>();
  for (const [entry, tick] of load.tick.entries()) {
    const here = value(entry);
    if (here === null) continue;
    largest[tick] = Math.max(largest[tick] ?? here, here);
    least[tick] = Math.min(least[tick] ?? here, here);
    sums[tick]! += here;
    counts[tick]!++;
    const engine = load.engine[entry];
    if (engine === undefined) continue;
    const line = lines.get(engine) ?? { x: [], y: [] };
    lines.set(engine, line);
    line.x.push(times[tick]!);
    line.y.push(here);
  }
  const busiest: Curve = { label: "busiest", color: role, width: 1.5, x: times, y: largest };
  const busiestOverview = coarser(busiest, "most");
  if (load.kind === "extremes") {
    const idlest: Curve = { label: "idlest", color: role, width: 1, opacity: 0.5, x: times, y: least };
    return { curves: [busiest, idlest], overview: [busiestOverview, coarser(idlest, "least")], threads: [] };
  }
  const means = sums.map((sum, tick) => (counts[tick]! > 0 ? sum / counts[tick]! : null));
  const mean: Curve = { label: "mean", color: "ink", width: 1, dash: [2, 2], x: times, y: means };
  const threads =
    lines.size > 1 && lines.size <= MOST_LINES
      ? [...lines].map(([engine, line]): Curve => {
          return { label: `engine ${engine}`, color: role, width: 0.75, opacity: 0.35, ...line };
        })
      : [];
  return { curves: [busiest, mean], overview: [busiestOverview, coarser(mean, "mean")], threads };
}
