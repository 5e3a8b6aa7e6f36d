/**
 * Weighted least squares with coefficients of at least 0, by coordinate descent: minimises
 * Σ (Σ_j x_ij c_j − y_i)² + Σ_j pull_j (c_j − start_j)².
 * @param rows features, already weighted
 * @param values targets, already weighted
 * @param start where coefficients without evidence stay
 * @param pull strength towards it
 */
export function nonNegativeFit(
  rows: readonly (readonly number[])[],
  values: readonly number[],
  start: readonly number[],
  pull: readonly number[],
): number[] {
  const size = start.length;
  const squares = Array.from({ length: size }, (_, j) => pull[j]! + rows.reduce((sum, row) => sum + row[j]! ** 2, 0));
  const coefficients = [...start];
  const residuals = rows.map((row, i) => values[i]! - row.reduce((sum, x, j) => sum + x * coefficients[j]!, 0));
  for (let round = 0; round < 5000; round++) {
    let moved = 0;
    for (let j = 0; j < size; j++) {
      if (squares[j] === 0) continue;
      const gradient = rows.reduce(
        (sum, row, i) => sum + row[j]! * residuals[i]!,
        pull[j]! * (start[j]! - coefficients[j]!),
      );
      const next = Math.max(0, coefficients[j]! + gradient / squares[j]!);
      const step = next - coefficients[j]!;
      if (step === 0) continue;
      coefficients[j] = next;
      for (let i = 0; i < rows.length; i++) residuals[i]! -= step * rows[i]![j]!;
      moved = Math.max(moved, Math.abs(step) / (Math.abs(next) + 1e-9));
    }
    if (moved < 1e-9) break;
  }
  return coefficients;
}
