const SWEEPS = 60;
const CUTOFF = 1e-15;

/**
 * The least-squares solution of least norm of rows · x = targets, by the singular values of one-sided Jacobi rotations
 * (M. R. Hestenes, 1958); singular values below 1e-15 of the greatest count as zero.
 * @param columns unknowns; needed where there are no rows
 */
export function minimumNormSolution(
  rows: readonly (readonly number[])[],
  targets: readonly number[],
  columns: number,
): number[] {
  if (rows.length === 0 || columns === 0) return Array.from({ length: columns }, () => 0);
  // Rotations need at least as many rows as columns; otherwise the transposed problem is solved.
  const tall = rows.length >= columns;
  const matrix = tall ? rows.map((row) => [...row]) : transpose(rows);
  const { scaled, right } = orthogonalise(matrix);
  const size = right.length;
  const singular = Array.from({ length: size }, (_, j) => Math.hypot(...scaled.map((row) => row[j]!)));
  const smallest = CUTOFF * Math.max(...singular);
  const kept = Array.from({ length: size }, (_, j) => j).filter((j) => singular[j]! > smallest);
  const solution = Array.from({ length: columns }, () => 0);
  for (const j of kept) {
    const square = singular[j]! * singular[j]!;
    const left = scaled.map((row) => row[j]!);
    const basis = right.map((row) => row[j]!);
    // matrix = Σ left·basisᵀ, so its pseudo-inverse is Σ basis·leftᵀ / σ².
    const [from, to] = tall ? [left, basis] : [basis, left];
    const projection = from.reduce((sum, value, i) => sum + value * targets[i]!, 0) / square;
    to.forEach((value, i) => (solution[i]! += value * projection));
  }
  return solution;
}

function transpose(rows: readonly (readonly number[])[]): number[][] {
  return rows[0]!.map((_, j) => rows.map((row) => row[j]!));
}

/** Rotates columns until they are orthogonal: matrix · right = scaled. */
function orthogonalise(matrix: number[][]): { scaled: number[][]; right: number[][] } {
  const size = matrix[0]!.length;
  const right = Array.from({ length: size }, (_, i) => Array.from({ length: size }, (_unused, j) => (i === j ? 1 : 0)));
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    let rotated = false;
    for (let p = 0; p < size - 1; p++) {
      for (let q = p + 1; q < size; q++) {
        let [pp, qq, pq] = [0, 0, 0];
        for (const row of matrix) {
          pp += row[p]! * row[p]!;
          qq += row[q]! * row[q]!;
          pq += row[p]! * row[q]!;
        }
        if (Math.abs(pq) <= 1e-16 * Math.sqrt(pp * qq) || pq === 0) continue;
        rotated = true;
        const zeta = (qq - pp) / (2 * pq);
        const tangent = (zeta >= 0 ? 1 : -1) / (Math.abs(zeta) + Math.sqrt(1 + zeta * zeta));
        const cosine = 1 / Math.sqrt(1 + tangent * tangent);
        const sine = cosine * tangent;
        for (const row of [...matrix, ...right]) {
          const left = row[p]!;
          row[p] = cosine * left - sine * row[q]!;
          row[q] = sine * left + cosine * row[q]!;
        }
      }
    }
    if (!rotated) break;
  }
  return { scaled: matrix, right };
}
