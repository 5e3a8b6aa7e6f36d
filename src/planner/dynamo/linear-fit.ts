import type { PassSample } from "./sample-store.ts";

/** A fitted pass-time curve: features → milliseconds, not yet floored. */
export type PassTimeCurve = (features: readonly number[]) => number;

const PIVOT_FLOOR = 1e-12;

/**
 * Least squares with an intercept and non-negative slopes (planner-findings §5.9): every subset of the features is
 * solved by normal equations, subsets with a negative slope are out, the least sum of squared errors wins, the
 * earlier subset (none, first, second, both) on a tie.
 * @returns null when no feature has a positive slope: such data cannot tell load from time
 */
export function fitLinear(samples: readonly PassSample[]): PassTimeCurve | null {
  const axes = samples[0]!.features.length;
  let best: { readonly intercept: number; readonly slopes: readonly number[]; readonly error: number } | null = null;
  for (let subset = 0; subset < 1 << axes; subset++) {
    const active = Array.from({ length: axes }, (_, axis) => axis).filter((axis) => (subset >> axis) & 1);
    const solution = solveLeastSquares(
      samples.map(({ features }) => [1, ...active.map((axis) => features[axis]!)]),
      samples.map(({ passMs }) => passMs),
    );
    if (solution === null || solution.slice(1).some((slope) => !(slope >= 0))) continue;
    const slopes = Array.from({ length: axes }, () => 0);
    active.forEach((axis, i) => (slopes[axis] = solution[i + 1]!));
    const intercept = solution[0]!;
    let error = 0;
    for (const { features, passMs } of samples) {
      const residual = passMs - evaluate(intercept, slopes, features);
      error += residual * residual;
    }
    if (best === null || error < best.error) best = { intercept, slopes, error };
  }
  if (best === null || !best.slopes.some((slope) => slope > 0)) return null;
  const { intercept, slopes } = best;
  return (features) => evaluate(intercept, slopes, features);
}

function evaluate(intercept: number, slopes: readonly number[], features: readonly number[]): number {
  return features.reduce((sum, value, axis) => sum + slopes[axis]! * value, intercept);
}

/**
 * Ordinary least squares by normal equations. A singular system is retried with a small ridge on all columns but the
 * first (the intercept).
 * @param rows design matrix, row by row
 * @returns a coefficient a column, or null when it stays singular
 */
export function solveLeastSquares(rows: readonly (readonly number[])[], targets: readonly number[]): number[] | null {
  const size = rows[0]!.length;
  const normal = Array.from({ length: size }, () => Array.from({ length: size + 1 }, () => 0));
  rows.forEach((row, sample) => {
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < size; j++) normal[i]![j]! += row[i]! * row[j]!;
      normal[i]![size]! += row[i]! * targets[sample]!;
    }
  });
  const plain = gaussJordan(normal.map((row) => [...row]));
  if (plain !== null || size === 1) return plain;
  const trace = normal.reduce((sum, row, i) => sum + Math.abs(row[i]!), 0);
  const ridge = 1e-9 * Math.max(1, trace);
  return gaussJordan(normal.map((row, i) => row.map((value, j) => (i === j && i > 0 ? value + ridge : value))));
}

/** Solves an augmented square system in place with partial pivoting; of equal pivots the last row is taken. */
function gaussJordan(system: number[][]): number[] | null {
  const size = system.length;
  for (let column = 0; column < size; column++) {
    let pivot = column;
    for (let row = column; row < size; row++) {
      if (Math.abs(system[row]![column]!) >= Math.abs(system[pivot]![column]!)) pivot = row;
    }
    if (!(Math.abs(system[pivot]![column]!) >= PIVOT_FLOOR)) return null;
    [system[column], system[pivot]] = [system[pivot]!, system[column]!];
    const pivotRow = system[column]!;
    for (let row = 0; row < size; row++) {
      if (row === column) continue;
      const factor = system[row]![column]! / pivotRow[column]!;
      for (let j = column; j <= size; j++) system[row]![j]! -= factor * pivotRow[j]!;
    }
  }
  return system.map((row, i) => row[size]! / row[i]!);
}
