import { NormalEquations } from "./normal-equations.ts";
import type { PassSample } from "./sample-store.ts";

/** A fitted pass-time curve: features → milliseconds, not yet floored. */
export type PassTimeCurve = (features: readonly number[]) => number;

/** Columns of the design by subset of two features: none, the first, the second, both. */
const SUBSETS: readonly (readonly number[])[] = [[0], [0, 1], [0, 2], [0, 1, 2]];

/**
 * Least squares with an intercept and non-negative slopes (planner-findings §5.9): every subset of the one or two
 * features is solved, subsets with a negative slope are out, the least sum of squared errors wins, the earlier subset on
 * a tie.
 * @param leastMs the intercept is not allowed below it
 * @returns null when no feature has a positive slope: such data cannot tell load from time. Not more samples than features
 * are the exception: their mean stands in
 */
export function fitLinear(samples: readonly PassSample[], leastMs = -Infinity): PassTimeCurve | null {
  const axes = samples[0]!.features.length;
  const equations = new NormalEquations(axes + 1);
  for (const { features, passMs } of samples) equations.add([1, ...features], passMs);
  let best: { readonly intercept: number; readonly slopes: readonly [number, number]; readonly error: number } | null =
    null;
  for (const columns of SUBSETS.slice(0, 1 << axes)) {
    const solution = solveAtLeast(equations, columns, leastMs);
    if (solution === null || solution.subarray(1).some((slope) => !(slope >= 0))) continue;
    const slopes: [number, number] = [0, 0];
    for (let i = 1; i < columns.length; i++) slopes[columns[i]! - 1] = solution[i]!;
    const intercept = solution[0]!;
    let error = 0;
    for (const { features, passMs } of samples) {
      const residual = passMs - (slopes[0] * features[0]! + slopes[1] * (features[1] ?? 0) + intercept);
      error += residual * residual;
    }
    if (best === null || error < best.error) best = { intercept, slopes, error };
  }
  if (best === null) return null;
  if (samples.length > axes && !best.slopes.some((slope) => slope > 0)) return null;
  const { intercept, slopes } = best;
  return (features) => slopes[0] * features[0]! + slopes[1] * (features[1] ?? 0) + intercept;
}

/** Solves with a free intercept, or with the least one where the free one is below it. */
export function solveAtLeast(
  equations: NormalEquations,
  columns: readonly number[],
  leastMs: number,
): Float64Array | null {
  const free = equations.solve(columns);
  if (free === null || free[0]! >= leastMs) return free;
  return columns.length === 1 ? Float64Array.of(leastMs) : equations.solveAbove(leastMs, columns.slice(1));
}
